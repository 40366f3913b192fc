-- What the scheduler calls, in the order in which it does.

create function pgtrickle.scheduler_start() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select pg_try_advisory_lock(pgtrickle_internal.lock_class(), 0));
end
$$;
comment on function pgtrickle.scheduler_start() is
  'Makes this session the scheduler, for as long as it lives; false if another one is. Call it once a session.';
grant execute on function pgtrickle.scheduler_start() to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle.due_refreshes() returns table (id bigint, table_name text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  -- With the lake known to be gone there is nothing to try; check_lake() goes on asking.
  return query
    select s.id, format('%I.%I', s.schema_name, s.table_name)
    from pgtrickle_internal.stream_tables s
    where s.schedule is not null and s.next_due_at <= clock_timestamp()
      and pgtrickle_internal.is_adopted()
      and not exists (select from pgtrickle_internal.holds h where h.stream_table_id = s.id)
      and not exists (select from pgtrickle_internal.lake_health l where not l.is_healthy)
    order by s.next_due_at, s.id;
end
$$;
comment on function pgtrickle.due_refreshes() is 'The stream tables that are to be refreshed now.';
grant execute on function pgtrickle.due_refreshes() to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle.next_due_ms() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select least(greatest(ceil(extract(epoch from min(s.next_due_at) - clock_timestamp()) * 1000), 0), 1000)::integer
    from pgtrickle_internal.stream_tables s
    where s.schedule is not null and not exists (select from pgtrickle_internal.holds h where h.stream_table_id = s.id));
end
$$;
comment on function pgtrickle.next_due_ms() is 'Milliseconds until the next refresh is due, at most 1000; NULL if none is.';
grant execute on function pgtrickle.next_due_ms() to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle.scheduled_refresh(id bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  st pgtrickle_internal.stream_tables;
  head bigint;
  result pgtrickle_internal.refreshes;
begin
  perform pgtrickle_internal.check_adopted();
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = scheduled_refresh.id;
  if st.id is null or cardinality(pgtrickle_internal.holders(st.id)) > 0 then
    return null;
  end if;
  perform pgtrickle_internal.check_lake_version();
  head := pgtrickle_internal.lake_head();
  if st.contents_snapshot = head and st.frontier_snapshot = head then
    update pgtrickle_internal.stream_tables s set last_refreshed_at = clock_timestamp(), last_error = null, last_sqlstate = null,
        failure_count = 0, next_due_at = clock_timestamp() + s.schedule
      where s.id = st.id and s.generation = st.generation;
    return null;
  end if;
  result := pgtrickle_internal.move_contents(st.id, head, case when st.is_populated then 'Scheduled' else 'Initial' end);
  perform pgtrickle_internal.publish(st.id, st.generation, head, true);
  return pgtrickle_internal.refresh_summary(result);
end
$$;
comment on function pgtrickle.scheduled_refresh(bigint) is 'Advances a stream table to head; NULL if there was nothing to do or it is paused.';
grant execute on function pgtrickle.scheduled_refresh(bigint) to pgtrickle_scheduler, pgtrickle_admin;

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
grant execute on function pgtrickle.record_failure(bigint, text, text) to pgtrickle_scheduler, pgtrickle_admin;
