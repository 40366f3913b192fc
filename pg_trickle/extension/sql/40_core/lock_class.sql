-- First key of our advisory locks, "pgtr". Object 0 is the scheduler's; any other is the id of a stream table that its
-- holder is about to publish. The locks only mark: nobody waits for them.
create function pgtrickle_internal.lock_class() returns integer
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select 1885828210;
end;
comment on function pgtrickle_internal.lock_class() is 'First key of the advisory locks of pg_trickle.';
