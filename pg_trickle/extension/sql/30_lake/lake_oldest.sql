create function pgtrickle_internal.lake_oldest() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_catalog();
  return (select min(snapshot_id) from ducklake.ducklake_snapshot);
end
$$;
comment on function pgtrickle_internal.lake_oldest() is 'The oldest snapshot that the lake still has.';
