-- The one read of the catalog that cannot be rolled back: its lock would go with it. So nothing foreign may run in it: the
-- table is locked against being altered, looked at before, and its settings and itself looked at again afterwards, since
-- an index or statistics may still be attached to it in between.
create function pgtrickle_internal.lock_snapshot(p_snapshot bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_is_there boolean;
begin
  lock table ducklake.ducklake_snapshot in row share mode;
  perform pgtrickle_internal.check_plain_snapshots();
  perform from ducklake.ducklake_snapshot s where s.snapshot_id = p_snapshot for key share;
  v_is_there := found;
  if pg_catalog.current_setting('search_path') operator(pg_catalog.<>) 'pg_catalog, pg_temp'
      or pg_catalog.current_setting('standard_conforming_strings') operator(pg_catalog.<>) 'on'
      or pg_catalog.current_setting('quote_all_identifiers') operator(pg_catalog.<>) 'off' then
    raise exception 'reading the lake''s catalog has changed settings of this session'
      using errcode = '42501', hint = 'Somebody with the password of pgtrickle_catalog has attached code to it.';
  end if;
  perform pgtrickle_internal.check_plain_snapshots();
  return v_is_there;
end
$$;
comment on function pgtrickle_internal.lock_snapshot(bigint) is
  'Locks a snapshot''s row against being expired before this transaction ends; false if there is none.';
