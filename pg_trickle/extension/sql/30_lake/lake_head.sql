create function pgtrickle_internal.lake_head() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_catalog();
  return (select max(snapshot_id) from ducklake.ducklake_snapshot);
end
$$;
comment on function pgtrickle_internal.lake_head() is 'The newest snapshot of the lake, from its catalog: no call of the engine.';
