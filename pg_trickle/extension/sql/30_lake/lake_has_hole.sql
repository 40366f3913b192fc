create function pgtrickle_internal.lake_has_hole(p_from bigint, p_to bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_catalog();
  -- Ids are dense until some are expired, so counting is enough.
  return p_to - p_from + 1 <>
    (select count(*) from ducklake.ducklake_snapshot where snapshot_id between p_from and p_to);
end
$$;
comment on function pgtrickle_internal.lake_has_hole(bigint, bigint) is
  'Whether a snapshot of [from, to] was expired: changes read across a hole would be silently incomplete.';
