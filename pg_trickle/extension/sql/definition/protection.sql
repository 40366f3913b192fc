-- A stream table is changed by pg_trickle alone: rows by a trigger on each, definitions by event triggers.

-- What writes a stream table is fill_relations(), apply_changes() and, for another query, exchange_rows(), and nothing else: they are looked for in the call stack,
-- which no setting can fake.
create function pgtrickle_internal.refuse_direct_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  stack text;
begin
  get diagnostics stack = pg_context;
  if stack ~ ' pgtrickle_internal\.(apply_changes|fill_relations|exchange_rows)\(' then
    return null;
  end if;
  raise exception 'stream table %.% is maintained by pg_trickle: % is refused', quote_ident(tg_table_schema), quote_ident(tg_table_name), lower(tg_op)
    using errcode = 'TR013', hint = 'Change the lake tables that it reads; pgtrickle.rewind() brings its rows back to an older snapshot.';
end
$$;
comment on function pgtrickle_internal.refuse_direct_change() is 'Guard of every stream table against direct changes.';

-- Security definer, because it runs for everybody's DDL, the catalog role's included.
create function pgtrickle_internal.refuse_ddl() returns event_trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  offended text;
  stack text;
begin
  get diagnostics stack = pg_context;
  -- another query gives it other columns
  if stack ~ ' pgtrickle_internal\.reshape_columns\(' then
    return;
  end if;
  -- A restore brings the registry before the last of its DDL.
  if not pgtrickle_internal.is_adopted() then
    return;
  end if;
  if tg_event = 'sql_drop' then
    select pgtrickle_internal.qualified_name(s.id) into offended
      from pg_event_trigger_dropped_objects() d
      join pgtrickle_internal.stream_tables s on d.objid = s.relid
        or d.object_identity in (s.layout ->> 'base', s.layout ->> 'journal', s.layout ->> 'recompute', s.layout ->> 'delta')
        or jsonb_path_exists(s.layout, '$.top.leaves[*] ? (@.table == $name || @.changes == $name)', jsonb_build_object('name', d.object_identity))
      where d.classid = 'pg_class'::regclass and d.objsubid = 0
      limit 1;
  else
    select pgtrickle_internal.qualified_name(s.id) into offended
      from pg_event_trigger_ddl_commands() c
      join pgtrickle_internal.stream_tables s on c.objid = s.relid or c.object_identity in (s.layout ->> 'base', s.layout ->> 'journal')
      where c.classid = 'pg_class'::regclass limit 1;
    if offended is null then
      -- a renamed schema takes its tables along
      select pgtrickle_internal.qualified_name(s.id) into offended
        from pg_event_trigger_ddl_commands() c
        join pg_class t on t.relnamespace = c.objid and c.classid = 'pg_namespace'::regclass
        join pgtrickle_internal.stream_tables s on s.relid = t.oid
        where s.schema_name <> (select n.nspname from pg_namespace n where n.oid = c.objid) limit 1;
    end if;
  end if;
  if offended is not null then
    raise exception 'stream table % is maintained by pg_trickle: % is refused', offended, lower(tg_tag)
      using errcode = 'TR013', hint = format('To drop it: select pgtrickle.drop_stream_table(%1$L); to change its query, and with that its columns: select pgtrickle.alter_stream_table(%1$L, query => ''…'');', offended);
  end if;
end
$$;
comment on function pgtrickle_internal.refuse_ddl() is 'Guard of stream tables and their hidden companions against ALTER and DROP.';
create event trigger pgtrickle_refuse_alter on ddl_command_end
  when tag in ('ALTER TABLE', 'ALTER FOREIGN TABLE', 'ALTER SCHEMA')
  execute function pgtrickle_internal.refuse_ddl();
create event trigger pgtrickle_refuse_drop on sql_drop
  execute function pgtrickle_internal.refuse_ddl();
