create function pgtrickle.record_failure(id bigint, sqlstate text, message text) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  wait_ms numeric;
begin
  update pgtrickle_internal.stream_tables s set failure_count = s.failure_count + 1, last_failed_at = clock_timestamp(),
      last_sqlstate = record_failure.sqlstate, last_error = record_failure.message
    where s.id = record_failure.id
    returning least(pgtrickle_internal.setting('backoff_base_ms') * power(2::numeric, least(s.failure_count - 1, 20)),
      pgtrickle_internal.setting('backoff_limit_ms')) into wait_ms;
  -- Between a half and the whole of it, so that tables that failed together do not come back together.
  wait_ms := round(wait_ms * (0.5 + random() / 2)::numeric);
  update pgtrickle_internal.stream_tables s set next_due_at = clock_timestamp() + wait_ms * interval '1 millisecond'
    where s.id = record_failure.id;
  insert into pgtrickle_internal.refreshes (stream_table_id, action, strategy, outcome, from_snapshot, to_snapshot,
      contents_before, contents_after, requested_by, started_at, sqlstate, error)
    select s.id, 'Scheduled', 'None', 'Failed', s.frontier_snapshot, s.frontier_snapshot, s.contents_snapshot, s.contents_snapshot,
      pgtrickle_internal.caller(), clock_timestamp(), record_failure.sqlstate, record_failure.message
    from pgtrickle_internal.stream_tables s where s.id = record_failure.id;
  return wait_ms;
end
$$;
comment on function pgtrickle.record_failure(bigint, text, text) is
  'Records that a scheduled refresh failed; gives the milliseconds until the next try (doubling, with jitter).';
