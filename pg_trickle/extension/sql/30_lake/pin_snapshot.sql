-- A key-share lock on the snapshot's catalog row makes an expiry of it wait until the end of this transaction, and
-- blocks neither commits nor reads of the lake. Without it the snapshot could go between choosing and reading it.
create function pgtrickle_internal.pin_snapshot(p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_snapshot(p_snapshot);
  if not pgtrickle_internal.lock_snapshot(p_snapshot) then
    perform pgtrickle_internal.check_snapshot(p_snapshot);
  end if;
end
$$;
comment on function pgtrickle_internal.pin_snapshot(bigint) is 'check_snapshot(), and nobody expires it before this transaction ends.';
