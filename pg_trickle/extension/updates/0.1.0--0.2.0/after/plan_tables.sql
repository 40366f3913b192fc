-- The foreign tables that ask the engine for deltas: which files to read stands where the snapshots stood.
create function pgtrickle_internal.update_plan_tables() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  delta text;
begin
  for delta in
    select s.layout ->> 'delta' from pgtrickle_internal.stream_tables s where s.layout ->> 'delta' is not null order by s.id
  loop
    execute format('alter foreign table %s rename column snapshots to reads', delta);
    execute format('alter foreign table %s drop column from_snapshot', delta);
  end loop;
end
$$;
select pgtrickle_internal.update_plan_tables();
drop function pgtrickle_internal.update_plan_tables();
