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
