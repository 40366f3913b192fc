create function pgtrickle_internal.compare_with_target(
  p_id bigint, p_snapshot bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
  execute pgtrickle_internal.compare_rows_sql(
      pgtrickle_internal.target_rows_sql(p_id), pgtrickle_internal.contents_rows_sql(p_id))
    into row_count, expected_row_count, fingerprint, expected_fingerprint,
      missing_count, unexpected_count, missing, unexpected
    using pgtrickle_internal.plan_text(p_id), p_snapshot;
end
$$;
comment on function pgtrickle_internal.compare_with_target(bigint, bigint) is
  'The rows of a stream table against its query, recomputed by the lake engine at a snapshot.';
