-- The path that shares nothing with a refresh: the source's rows come as they are, and PostgreSQL's own executor runs the
-- defining query over them. All in a scratch schema inside a subtransaction that is always rolled back.
create function pgtrickle_internal.compare_with_source_rows(
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
declare
  scratch text := 'pgtrickle_rows_' || replace(gen_random_uuid()::text, '-', '');
begin
  if current_setting('transaction_read_only')::boolean then
    raise exception 'level rows copies the rows of the sources, which a read-only transaction cannot'
      using errcode = 'TR018', hint = 'Use level engine here.';
  end if;
  -- The query would run over what bears the names of its sources now.
  perform pgtrickle_internal.check_sources(p_id, p_snapshot);
  begin
    execute format('create schema %I', scratch);
    perform pgtrickle_internal.fetch_source_rows(p_id, p_snapshot, scratch);
    perform pgtrickle_internal.run_over_source_rows(p_id, scratch);
    execute pgtrickle_internal.compare_rows_sql(
        format('select * from %I."pgtrickle result"', scratch), pgtrickle_internal.contents_rows_sql(p_id))
      into row_count, expected_row_count, fingerprint, expected_fingerprint,
        missing_count, unexpected_count, missing, unexpected;
    raise exception 'compared' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.compare_with_source_rows(bigint, bigint) is
  'The rows of a stream table against its query, run by PostgreSQL over the rows of its sources at a snapshot.';
