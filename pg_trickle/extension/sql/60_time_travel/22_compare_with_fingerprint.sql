-- Needs no engine. Says whether the rows are those that were published, not which ones differ.
create function pgtrickle_internal.compare_with_fingerprint(
  p_id bigint, p_refresh bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  recorded pgtrickle_internal.fingerprints;
  counted record;
begin
  select f.* into recorded from pgtrickle_internal.fingerprints f where f.refresh_id = p_refresh and f.stream_table_id = p_id;
  if not found then
    raise exception 'no fingerprint of stream table % was recorded for refresh %',
        pgtrickle_internal.qualified_name(p_id), coalesce(p_refresh::text, 'NULL')
      using errcode = 'TR018', hint = 'Use level engine or rows.';
  end if;
  counted := pgtrickle_internal.count_fingerprint(p_id);
  row_count := counted.row_count;
  expected_row_count := recorded.row_count;
  fingerprint := pgtrickle_internal.fingerprint(counted.row_count, counted.hash_sum);
  expected_fingerprint := pgtrickle_internal.fingerprint(recorded.row_count, recorded.hash_sum);
end
$$;
comment on function pgtrickle_internal.compare_with_fingerprint(bigint, bigint) is
  'The rows of a stream table against the fingerprint recorded for a refresh.';
