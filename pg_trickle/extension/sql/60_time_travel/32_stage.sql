create function pgtrickle_internal.stage(
  p_id bigint, p_refresh bigint, p_generation bigint, p_snapshot bigint, p_verified pgtrickle.verification,
  p_contradiction jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgtrickle_internal.staged_moves (stream_table_id, refresh_id, generation, snapshot_id, row_count, fingerprint, verified, contradiction)
    values (p_id, p_refresh, p_generation, p_snapshot, p_verified.row_count, p_verified.fingerprint, p_verified.level,
      p_contradiction);
end
$$;
comment on function pgtrickle_internal.stage(bigint, bigint, bigint, bigint, pgtrickle.verification, jsonb) is
  'Notes a move that this transaction must publish before it commits.';
