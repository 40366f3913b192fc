-- Where the triggers are. DuckLake makes the catalog's tables at the engine's first start and those for inlined rows and
-- deletions inside later commits, whatever role that client has: an event trigger attaches to each as it is made. A call of
-- attach_lake(), adopt() or maintain() completes what is missing. DROP EXTENSION takes all of it along (DEPENDS ON EXTENSION).

create function pgtrickle_guard.wanted() returns table (relation regclass, name text, function regproc, definition text)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select c.oid::regclass, w.name, to_regproc('pgtrickle_guard.' || w.function), w.definition
  from (values
    ('^ducklake_snapshot$', 'pgtrickle_guard_turn', 'take_move', 'before insert on %s for each row'),
    ('^ducklake_snapshot_changes$', 'pgtrickle_guard_changes', 'check_changes', 'after insert on %s for each row'),
    -- The guard's own changes of this table are none of a client's.
    ('^ducklake_delete_file$', 'pgtrickle_guard_replaced', 'remember_replaced',
      'after delete on %s referencing old table as gone for each statement when (pg_catalog.pg_trigger_depth() = 0)'),
    ('^ducklake_delete_file$', 'pgtrickle_guard_deletions', 'check_delete_files',
      'after insert on %s referencing new table as added for each statement when (pg_catalog.pg_trigger_depth() = 0)'),
    ('^ducklake_data_file$', 'pgtrickle_guard_merges', 'check_merged_files',
      'after delete on %s referencing old table as gone for each statement'),
    ('^ducklake_inlined_delete_\d+$', 'pgtrickle_guard_inlined', 'check_inlined_deletions',
      'after insert on %s referencing new table as added for each statement when (pg_catalog.pg_trigger_depth() = 0)'),
    ('^ducklake_inlined_delete_\d+$', 'pgtrickle_guard_flushed', 'keep_inlined',
      'after delete on %s referencing old table as gone for each statement'),
    ('^ducklake_inlined_data_\d+_\d+$', 'pgtrickle_guard_emptied', 'note_flush', 'after delete on %s for each statement')
  ) as w (pattern, name, function, definition)
  join pg_class c on c.relname ~ w.pattern and c.relkind = 'r' and c.relnamespace = to_regnamespace('ducklake');
end;
comment on function pgtrickle_guard.wanted() is 'The triggers that the tables of the catalog should have.';

-- A client in another role makes tables that are its own: the triggers could not read them, nor could the engine, whose next
-- flush may have to drop them. A member of the catalog role loses nothing when the table goes to that role.
create function pgtrickle_guard.open_to_catalog_role(p_relation regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  foreign_table record;
begin
  for foreign_table in
    select c.oid::regclass as relation, pg_has_role(c.relowner, 'pgtrickle_catalog', 'usage') and not o.rolsuper as is_member
    from pg_class c join pg_roles o on o.oid = c.relowner
    where c.relnamespace = to_regnamespace('ducklake') and c.relkind = 'r' and c.relname ~ '^ducklake_' and c.oid = coalesce(p_relation, c.oid)
      and c.relowner <> 'pgtrickle_catalog'::regrole
  loop
    if foreign_table.is_member then
      execute format('alter table %s owner to pgtrickle_catalog', foreign_table.relation);
    elsif not (has_table_privilege('pgtrickle_catalog', foreign_table.relation, 'select')
      and has_table_privilege('pgtrickle_catalog', foreign_table.relation, 'insert')
      and has_table_privilege('pgtrickle_catalog', foreign_table.relation, 'update')
      and has_table_privilege('pgtrickle_catalog', foreign_table.relation, 'delete')) then
      execute format('grant select, insert, update, delete on %s to pgtrickle_catalog', foreign_table.relation);
    end if;
  end loop;
end
$$;
comment on function pgtrickle_guard.open_to_catalog_role(regclass) is
  'Lets pgtrickle_catalog read and write the tables of the catalog that another role has made; those of its members become its own.';

create function pgtrickle_guard.attach(p_relation regclass default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
as $$
declare
  w record;
begin
  perform pgtrickle_guard.open_to_catalog_role(p_relation);
  if pgtrickle_internal.setting('guard') = 0 then
    return;
  end if;
  for w in
    select d.* from pgtrickle_guard.wanted() d
    where d.relation = coalesce(p_relation, d.relation) and not exists (
      select from pg_trigger t
      where t.tgrelid = d.relation and t.tgname = d.name and t.tgfoid = d.function and t.tgenabled in ('O', 'A'))
  loop
    execute format('drop trigger if exists %I on %s', w.name, w.relation);
    execute format('create trigger %I %s execute function %s()', w.name, format(w.definition, w.relation), w.function);
    execute format('alter trigger %I on %s depends on extension pg_trickle', w.name, w.relation);
  end loop;
  if to_regclass('ducklake.pgtrickle_guard_delete_file') is null and exists (
    select from pg_class c where c.oid = to_regclass('ducklake.ducklake_delete_file') and c.relkind = 'r' and c.oid = coalesce(p_relation, c.oid))
  then
    create index pgtrickle_guard_delete_file on ducklake.ducklake_delete_file (data_file_id);
    alter index ducklake.pgtrickle_guard_delete_file depends on extension pg_trickle;
  end if;
end
$$;
comment on function pgtrickle_guard.attach(regclass) is
  'Completes the guard on the catalog, or on one table of it. Idempotent; waits two seconds at most; nothing while the guard is off.';

create function pgtrickle_guard.detach() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
as $$
declare
  t record;
begin
  for t in
    select g.tgname, g.tgrelid::regclass as relation from pg_trigger g join pg_proc p on p.oid = g.tgfoid
    where p.pronamespace = 'pgtrickle_guard'::regnamespace
  loop
    execute format('drop trigger %I on %s', t.tgname, t.relation);
  end loop;
  drop index if exists ducklake.pgtrickle_guard_delete_file;
end
$$;
comment on function pgtrickle_guard.detach() is 'Takes the guard off the catalog, without trace.';

-- Security definer: it runs inside the commit of whoever makes the table.
create function pgtrickle_guard.attach_created() returns event_trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_relation regclass;
begin
  for v_relation in
    select c.objid from pg_event_trigger_ddl_commands() c
    where c.classid = 'pg_class'::regclass and c.schema_name = 'ducklake' and not c.in_extension
  loop
    -- A restore makes the tables before their rows; it brings the triggers itself, after them.
    if exists (
      select from pgtrickle_internal.installation i, pgtrickle_internal.identity() here
      where i.system_identifier = here.system_identifier and i.database_oid = here.database_oid)
    then
      perform pgtrickle_guard.attach(v_relation);
    end if;
  end loop;
end
$$;
comment on function pgtrickle_guard.attach_created() is 'Event trigger: the guard on a table of the catalog that is made just now.';
create event trigger pgtrickle_guard_attach on ddl_command_end
  when tag in ('CREATE TABLE')
  execute function pgtrickle_guard.attach_created();
