-- After a restore nothing moves until somebody says that this database maintains its stream tables from now on.

create function pgtrickle.adopt() returns setof text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  if not pg_has_role(pgtrickle_internal.caller(), 'pgtrickle_admin', 'usage') then
    raise exception 'permission denied to adopt the stream tables of this database' using errcode = '42501';
  end if;
  if pgtrickle_internal.is_adopted() then
    raise notice 'nothing to adopt: this database is not a restored one';
    return;
  end if;
  -- They stay paused: whoever restored looks at each before it moves.
  for v_id in select s.id from pgtrickle_internal.stream_tables s order by s.id loop
    perform pgtrickle_internal.add_hold(v_id, 'person', 'restored from a dump');
    return next format('%s is PAUSED', pgtrickle_internal.qualified_name(v_id));
  end loop;
  update pgtrickle_internal.installation i set system_identifier = here.system_identifier,
    database_oid = here.database_oid, recorded_at = clock_timestamp() from pgtrickle_internal.identity() here;
  perform pgtrickle_guard.attach();
end
$$;
comment on function pgtrickle.adopt() is
  'After a restore: this database maintains its stream tables from now on. They stay paused until resume_scheduler(). Run it only if no other database uses the same data path.';
grant execute on function pgtrickle.adopt() to pgtrickle_admin;

-- A restored database has other oids, and the rewinds that were running where the dump was made are not running here.
create function pgtrickle_internal.after_adoption() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  st record;
begin
  for st in
    select pgtrickle_internal.changes_view_of(s.id) as changes_view, format('changes_%s', s.relid::oid) as name
    from pgtrickle_internal.stream_tables s
  loop
    if st.changes_view <> coalesce(to_regclass('pgtrickle_changes.' || st.name), 0) then
      execute format('alter view %s rename to %I', st.changes_view, st.name);
    end if;
  end loop;
  perform pgtrickle_rewind.orphan(o.uid, o.cluster, 'the database was restored elsewhere')
    from pgtrickle_rewind.operations o where o.outcome is null order by o.uid;
  return null;
end
$$;
comment on function pgtrickle_internal.after_adoption() is 'What adopt() leaves to the time travel parts.';

create trigger installation_after_adoption
after update on pgtrickle_internal.installation
for each row when ((old.system_identifier, old.database_oid) is distinct from (new.system_identifier, new.database_oid))
execute function pgtrickle_internal.after_adoption();
