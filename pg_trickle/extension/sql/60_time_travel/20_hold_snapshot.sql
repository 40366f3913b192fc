-- A reader's session may be read-only, where no row lock can be taken: then the snapshot is only checked, and an expiry
-- in between makes the engine answer with an error, never with other rows.
create function pgtrickle_internal.hold_snapshot(p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_read_only')::boolean then
    perform pgtrickle_internal.check_snapshot(p_snapshot);
  else
    perform pgtrickle_internal.pin_snapshot(p_snapshot);
  end if;
end
$$;
comment on function pgtrickle_internal.hold_snapshot(bigint) is 'pin_snapshot(), or only check_snapshot() in a read-only transaction.';
