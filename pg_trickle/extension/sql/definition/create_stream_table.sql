-- A stream table is created in two parts: what runs as the caller makes a view of the query; what runs with rights of its own trusts that view alone.

-- Runs as the caller, with the caller's search_path (so no SET search_path here).
create function pgtrickle.create_stream_table(schema text, name text, query text, schedule text, mode text)
returns text
language plpgsql
as $$
declare
  query_view regclass;
  result text;
begin
  perform pgtrickle_internal.check_may_create();
  query_view := pgtrickle_internal.view_of_query(create_stream_table.query);
  result := pgtrickle_internal.register_stream_table(query_view, create_stream_table.schema, create_stream_table.name,
    create_stream_table.query, create_stream_table.schedule, create_stream_table.mode);
  execute pg_catalog.format('drop view %s', query_view);
  if create_stream_table.schedule is null then
    raise notice 'stream table % has no schedule: nothing refreshes it', result
      using hint = pg_catalog.format('select pgtrickle.alter_stream_table(%1$L, schedule => ''5s''); or, each time, by hand: select pgtrickle.refresh(%1$L);', result);
  end if;
  return result;
end
$$;
comment on function pgtrickle.create_stream_table(text, text, text, text, text) is
  'Creates schema.name, kept equal to the query over lake tables: schedule such as ''5 seconds'' (NULL: only by hand), mode AUTO, DIFFERENTIAL (refused where the query cannot be kept by changes) or FULL.';
grant execute on function pgtrickle.create_stream_table(text, text, text, text, text) to pgtrickle_admin;

create function pgtrickle.create_stream_table(
  name text, query text, schedule text default null, mode text default 'AUTO')
returns text
language plpgsql
as $$
declare
  parts text[] := pg_catalog.parse_ident(create_stream_table.name);
begin
  if pg_catalog.array_length(parts, 1) > 2 then
    raise exception 'the name "%" has too many parts', create_stream_table.name using errcode = 'TR021';
  end if;
  return pgtrickle.create_stream_table(
    case when pg_catalog.array_length(parts, 1) = 2 then parts[1] else pg_catalog.current_schema()::text end,
    parts[pg_catalog.array_length(parts, 1)],
    create_stream_table.query, create_stream_table.schedule, create_stream_table.mode);
end
$$;
comment on function pgtrickle.create_stream_table(text, text, text, text) is
  'The same with a name such as event_summary (in the current schema) or public.event_summary.';
grant execute on function pgtrickle.create_stream_table(text, text, text, text) to pgtrickle_admin;

-- As the caller too: the temporary view makes PostgreSQL itself check names, types and privileges of the query. Only the view goes
-- on, never the text.
create function pgtrickle_internal.view_of_query(p_query text) returns regclass
language plpgsql
as $$
declare
  view_name text := pg_catalog.format('pg_temp.pgtrickle_view_%s', pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''));
begin
  execute pg_catalog.format(E'create temporary view %s as (%s\n)', view_name,
    pg_catalog.regexp_replace(p_query, '[;[:space:]]+$', ''));
  -- Planning and starting (not running) the view checks SELECT on what it reads, as its owner, the caller.
  execute pg_catalog.format('explain select from %s', view_name);
  return view_name::regclass;
end
$$;
comment on function pgtrickle_internal.view_of_query(text) is 'A temporary view of a query, made as the caller, who drops it.';
grant execute on function pgtrickle_internal.view_of_query(text) to pgtrickle_admin;

-- Before the view, so that the messages are about stream tables, not about views.
create function pgtrickle_internal.check_may_create() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_internal.check_adopted();
  perform pgtrickle_internal.check_catalog();
  if to_regclass('pgtrickle_lake.describe') is null then
    raise exception 'this database has no lake attached'
      using errcode = 'TR014', hint = 'A superuser calls pgtrickle.attach_lake(…) once.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_may_create() is 'What must be true before any stream table can be created.';
grant execute on function pgtrickle_internal.check_may_create() to pgtrickle_admin;

-- The part of create_stream_table() with rights of its own. It trusts nothing but the view: its owner is the caller.
create function pgtrickle_internal.register_stream_table(
  p_view regclass, p_schema text, p_name text, p_query text, p_schedule text, p_mode text)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
-- pg_get_viewdef prints constants through these.
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
declare
  st pgtrickle_internal.stream_tables;
  sources jsonb;
begin
  st.created_by := pgtrickle_internal.check_own_view(p_view);
  st.schema_name := p_schema;
  st.table_name := p_name;
  st.mode := pgtrickle_internal.checked_table_mode(p_mode);
  st.schedule := pgtrickle_internal.checked_schedule(p_schedule);
  perform pgtrickle_internal.check_new_name(p_schema, p_name, st.created_by);
  perform pgtrickle_internal.check_view_calls(p_view);
  sources := pgtrickle_internal.view_sources(p_view, st.created_by);
  st.defining_query := p_query;
  st.view_definition := rtrim(pg_get_viewdef(p_view), '; ');
  st.settings := jsonb_build_object('TimeZone', current_setting('TimeZone'));
  st.description := pgtrickle_internal.describe_query(st.view_definition, sources, st.settings);
  st.id := nextval('pgtrickle_internal.stream_tables_id_seq');
  st.layout := pgtrickle_internal.build_layout(st, p_view, sources, st.id::text);
  begin
    st.relid := pgtrickle_internal.create_relations(st);
  exception when unique_violation or duplicate_table or duplicate_object then
    -- another session has made it since check_new_name() looked
    raise exception 'relation %.% already exists', quote_ident(p_schema), quote_ident(p_name)
      using errcode = '42P07', hint = 'Choose another name.';
  end;
  insert into pgtrickle_internal.stream_tables (id, relid, schema_name, table_name, defining_query, view_definition,
      settings, description, layout, mode, schedule, created_by)
    overriding system value
    values (st.id, st.relid, st.schema_name, st.table_name, st.defining_query, st.view_definition,
      st.settings, st.description, st.layout, st.mode, st.schedule, st.created_by);
  perform pgtrickle_internal.register_sources(st.id, sources);
  if to_regprocedure('pgtrickle_internal.create_changes_view(bigint)') is not null then
    perform pgtrickle_internal.create_changes_view(st.id);
  end if;
  perform pgtrickle_internal.populate(st.id);
  perform pgtrickle_internal.notice_recomputed(st);
  return pgtrickle_internal.qualified_name(st.id);
end
$$;
comment on function pgtrickle_internal.register_stream_table(regclass, text, text, text, text, text) is
  'Makes a stream table from a temporary view of the caller. Private part of pgtrickle.create_stream_table().';
grant execute on function pgtrickle_internal.register_stream_table(regclass, text, text, text, text, text) to pgtrickle_admin;

-- The owner of a temporary view of this session cannot be forged: it tells who calls.
create function pgtrickle_internal.check_own_view(p_view regclass) returns regrole
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  view_owner oid;
begin
  select c.relowner into view_owner from pg_class c
    where c.oid = p_view and c.relkind = 'v' and c.relnamespace = pg_my_temp_schema();
  if view_owner is null or not pg_has_role(pgtrickle_internal.caller(), view_owner, 'usage') then
    raise exception 'the query of a stream table is given by pgtrickle.create_stream_table() and alter_stream_table()' using errcode = '42501';
  end if;
  return view_owner::regrole;
end
$$;
comment on function pgtrickle_internal.check_own_view(regclass) is 'The owner of a temporary view of this session; 42501 for anything else.';

create function pgtrickle_internal.check_new_name(p_schema text, p_name text, p_owner regrole) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schema_oid oid := (select n.oid from pg_namespace n where n.nspname = p_schema);
begin
  if coalesce(p_name, '') = '' or octet_length(p_name) > 63 then
    raise exception 'a table needs a name of 1 to 63 bytes' using errcode = 'TR021';
  end if;
  if schema_oid is null then
    raise exception 'there is no schema %', coalesce(quote_ident(p_schema), 'NULL')
      using errcode = '3F000', hint = 'Create it first.';
  end if;
  if p_schema ~ '^pg_' or p_schema in ('information_schema', 'ducklake', 'pgtrickle') or p_schema like 'pgtrickle\_%' then
    raise exception 'schema % is reserved', quote_ident(p_schema) using errcode = 'TR021', hint = 'Use another schema.';
  end if;
  if not has_schema_privilege(p_owner, schema_oid, 'create') then
    raise exception 'permission denied for schema %', quote_ident(p_schema)
      using errcode = '42501', hint = format('grant create on schema %I to %s;', p_schema, p_owner);
  end if;
  if exists (select from pg_class c where c.relnamespace = schema_oid and c.relname = p_name) then
    raise exception 'relation %.% already exists', quote_ident(p_schema), quote_ident(p_name)
      using errcode = '42P07', hint = 'Choose another name.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_new_name(text, text, regrole) is 'Whether this role can create a table of this name there.';
