create function pgtrickle_internal.snapshot_exists(p_snapshot bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_catalog();
  return exists (select from ducklake.ducklake_snapshot where snapshot_id = p_snapshot);
end
$$;
comment on function pgtrickle_internal.snapshot_exists(bigint) is 'Whether the lake still has this snapshot.';
