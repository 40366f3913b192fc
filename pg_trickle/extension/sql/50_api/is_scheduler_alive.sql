create function pgtrickle_internal.is_scheduler_alive() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select exists (
      select from pg_locks l
      where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.objid = 0
        and l.classid = pgtrickle_internal.lock_class()::oid
        and l.database = (select d.oid from pg_database d where d.datname = current_database())));
end
$$;
comment on function pgtrickle_internal.is_scheduler_alive() is 'Whether some session holds the scheduler''s lock.';
