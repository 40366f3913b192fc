create function pgtrickle_internal.compare_with_undone(
  p_id bigint, p_after_refresh bigint,
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
      pgtrickle_internal.undo_rows_sql(p_id), pgtrickle_internal.contents_rows_sql(p_id))
    into row_count, expected_row_count, fingerprint, expected_fingerprint,
      missing_count, unexpected_count, missing, unexpected
    using p_after_refresh;
end
$$;
comment on function pgtrickle_internal.compare_with_undone(bigint, bigint) is
  'The rows of a stream table against what they were after a refresh, by the undo journal.';
