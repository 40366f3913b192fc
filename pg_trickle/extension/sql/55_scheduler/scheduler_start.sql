create function pgtrickle.scheduler_start() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select pg_try_advisory_lock(pgtrickle_internal.lock_class(), 0));
end
$$;
comment on function pgtrickle.scheduler_start() is
  'Makes this session the scheduler, for as long as it lives; false if another one is. Call it once a session.';
