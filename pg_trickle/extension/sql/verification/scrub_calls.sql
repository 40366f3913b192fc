-- Who may ask for a scrub: a person by name, the scheduler by what is due. The scheduler begins an attempt in a transaction of its
-- own (scrub_due), works in a second one (scheduled_scrub) and tells a failure in a third (record_scrub_failure).

create function pgtrickle.scrub(name text) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(scrub.name);
begin
  perform pgtrickle_internal.authorise(v_id, 'scrub');
  perform pgtrickle_internal.check_adopted();
  perform pgtrickle_internal.check_not_held(v_id, 'scrub');
  perform pgtrickle_internal.check_populated(v_id);
  return (pgtrickle_internal.scrub_table(v_id)).summary;
end
$$;
comment on function pgtrickle.scrub(text) is
  'Brings a stream table to the newest snapshot and compares it there with its query, recomputed; another result is healed at once, counted and told. The scheduler does it by itself.';
grant execute on function pgtrickle.scrub(text) to pgtrickle_admin;

-- One at a time, the oldest first; what was begun is no longer due.
create function pgtrickle.scrub_due() returns table (id bigint, table_name text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  if coalesce(pgtrickle_internal.scrub_budget_free_at() > clock_timestamp(), true) or not pgtrickle_internal.is_adopted()
      or exists (select from pgtrickle_internal.lake_health l where not l.is_healthy) then
    return;
  end if;
  select d.id into v_id
    from (
      select s.id, pgtrickle_internal.scrub_due_at(s.id) as due_at, coalesce(c.last_scrubbed_at, s.created_at) as right_at
      from pgtrickle_internal.stream_tables s left join pgtrickle_internal.scrubs c on c.stream_table_id = s.id) d
    where d.due_at <= clock_timestamp()
    order by d.right_at, d.id limit 1;
  if v_id is null then
    return;
  end if;
  -- There is one at a time: of another one that is still begun nobody will tell any more.
  update pgtrickle_internal.scrubs c set ended_at = c.begun_at, sqlstate = '57P01',
      error = format('the scrub of %s did not end: scheduler or server went away', date_trunc('second', c.begun_at))
    where c.ended_at is null;
  insert into pgtrickle_internal.scrubs as c (stream_table_id, failure_count) values (v_id, 1)
    on conflict (stream_table_id) do update set begun_at = excluded.begun_at, ended_at = null, duration_ms = 0,
      failure_count = c.failure_count + 1;
  return query select v_id, pgtrickle_internal.qualified_name(v_id);
end
$$;
comment on function pgtrickle.scrub_due() is
  'The stream table that is to be scrubbed now, if one is and the budget has time for it; notes that its scrub has begun.';
grant execute on function pgtrickle.scrub_due() to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle.scheduled_scrub(id bigint, out kind text, out summary text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  scrubbed record;
begin
  perform pgtrickle_internal.check_adopted();
  -- Paused or dropped since it was due: nothing failed.
  if cardinality(pgtrickle_internal.holders(scheduled_scrub.id)) > 0
      or (pgtrickle_internal.generation(scheduled_scrub.id)) is null then
    update pgtrickle_internal.scrubs c set ended_at = clock_timestamp(), failure_count = greatest(0, c.failure_count - 1), error = null
      where c.stream_table_id = scheduled_scrub.id;
    return;
  end if;
  scrubbed := pgtrickle_internal.scrub_table(scheduled_scrub.id);
  kind := scrubbed.kind;
  summary := scrubbed.summary;
end
$$;
comment on function pgtrickle.scheduled_scrub(bigint) is
  'Scrubs a stream table that scrub_due() gave. kind: drift or damage if it had to be healed; summary: what was seen, NULL if it is paused or gone.';
grant execute on function pgtrickle.scheduled_scrub(bigint) to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle.record_scrub_failure(id bigint, duration_ms numeric, sqlstate text, message text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  -- Somebody else who moved or paused the table is no failure, and yet its time was used: it is tried again as if it had been one.
  update pgtrickle_internal.scrubs c set ended_at = clock_timestamp(), duration_ms = greatest(0, record_scrub_failure.duration_ms),
      sqlstate = record_scrub_failure.sqlstate,
      error = case when record_scrub_failure.sqlstate <> 'TR012' then record_scrub_failure.message end
    where c.stream_table_id = record_scrub_failure.id;
end
$$;
comment on function pgtrickle.record_scrub_failure(bigint, numeric, text, text) is
  'Tells that a scheduled scrub failed and how long it took; it is tried again after a tenth of scrub_interval_ms, then less often.';
grant execute on function pgtrickle.record_scrub_failure(bigint, numeric, text, text) to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle.scrub_facts()
returns table (table_name text, age_seconds double precision, drift_count bigint, damage_count bigint,
  last_drift_at double precision, interval_seconds double precision)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return query
    select pgtrickle_internal.qualified_name(s.id),
      case when pgtrickle_internal.next_scrub_at(s.id) is not null
        then extract(epoch from clock_timestamp() - coalesce(c.last_scrubbed_at, s.created_at))::double precision end,
      coalesce(c.drift_count, 0), coalesce(c.damage_count, 0), extract(epoch from c.last_drift_at)::double precision,
      (pgtrickle_internal.setting('scrub_interval_ms') / 1000)::double precision
    from pgtrickle_internal.stream_tables s left join pgtrickle_internal.scrubs c on c.stream_table_id = s.id
    order by s.id;
end
$$;
comment on function pgtrickle.scrub_facts() is
  'For metrics: each stream table with the seconds since its last scrub or its creation (NULL: it is not scrubbed now), what was healed so far and when last (seconds since 1970), and the interval.';
grant execute on function pgtrickle.scrub_facts() to pgtrickle_scheduler, pgtrickle_admin;
