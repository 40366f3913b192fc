-- What is known of the scrubs of each stream table, and when the next one may be. This file owns pgtrickle_internal.scrubs and
-- the budget; it reads registry and holds and locks nothing of them, so that no pause waits for it.
--
-- One row a stream table, not one a scrub: a clean scrub leaves its time here and nothing in the history. What a scrub healed is
-- a row of pgtrickle_internal.refreshes (action Scrub). The row is begun and committed before the work: an attempt that ends the
-- server is then a failed one, and is not the first thing that the next server does.
create table pgtrickle_internal.scrubs (
  stream_table_id bigint not null,
  begun_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  duration_ms numeric not null default 0,
  last_scrubbed_at timestamptz,
  snapshot_id bigint,
  refresh_id bigint,
  level text,
  failure_count integer not null default 0,
  sqlstate text,
  error text,
  drift_count bigint not null default 0,
  damage_count bigint not null default 0,
  last_drift_at timestamptz,
  constraint scrubs_pkey primary key (stream_table_id),
  constraint scrubs_counts_are_not_negative check (failure_count >= 0 and drift_count >= 0 and damage_count >= 0),
  constraint scrubs_stream_table_fkey foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade
);
comment on table pgtrickle_internal.scrubs is
  'The last attempt to scrub a stream table (begun, ended, why it failed), the last one that was right at its end (last_scrubbed_at, at snapshot_id, after refresh refresh_id, at level), and what was healed so far.';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.scrubs', '');

-- Wall time stands for the time of engine and PostgreSQL: a scrub is one backend and one query of the engine at a time, and
-- there is one scrub at a time. One that was begun and never ended has no duration; its next try is far enough away.
create function pgtrickle_internal.scrub_budget_free_at() returns timestamptz
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  percent numeric := pgtrickle_internal.setting('scrub_budget_percent');
begin
  if percent = 0 then
    return null;
  end if;
  return (
    select coalesce(max(c.ended_at + greatest(0, c.duration_ms * (100 / percent - 1)) * interval '1 millisecond'), '-infinity')
    from pgtrickle_internal.scrubs c);
end
$$;
comment on function pgtrickle_internal.scrub_budget_free_at() is
  'From when on the budget has time for another scrub: after one of d ms, d * (100 / scrub_budget_percent - 1) ms later. NULL: never, the budget is 0.';

-- Failed attempts come back after a tenth of the interval, then after two, four and eight tenths, then once an interval.
create function pgtrickle_internal.scrub_due_at(p_id bigint) returns timestamptz
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  wait_ms numeric := pgtrickle_internal.setting('scrub_interval_ms');
begin
  return (
    select coalesce(c.begun_at, s.created_at) + interval '1 millisecond' * case
        when c.failure_count > 0 then least(wait_ms, wait_ms / 10 * power(2::numeric, least(c.failure_count - 1, 20)))
        else wait_ms end
    from pgtrickle_internal.stream_tables s
    left join pgtrickle_internal.scrubs c on c.stream_table_id = s.id
    where s.id = p_id and s.schedule is not null and s.is_populated
      and not exists (select from pgtrickle_internal.holds h where h.stream_table_id = s.id));
end
$$;
comment on function pgtrickle_internal.scrub_due_at(bigint) is
  'When a stream table is due for a scrub, the budget apart. NULL: not by itself, as it has no schedule, is paused or was never populated.';

create function pgtrickle_internal.next_scrub_at(p_id bigint) returns timestamptz
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  free_at timestamptz := pgtrickle_internal.scrub_budget_free_at();
  due_at timestamptz := pgtrickle_internal.scrub_due_at(p_id);
begin
  return case when free_at is not null and due_at is not null and pgtrickle_internal.is_adopted() then greatest(due_at, free_at) end;
end
$$;
comment on function pgtrickle_internal.next_scrub_at(bigint) is 'The earliest time of the next scrub of a stream table, as of now; NULL: none will be.';

create function pgtrickle_internal.scrub_summary(p_id bigint)
returns table (last_scrubbed_at timestamptz, drift_count bigint, damage_count bigint, last_drift_at timestamptz, scrub_error text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return query
    select c.last_scrubbed_at, coalesce(c.drift_count, 0), coalesce(c.damage_count, 0), c.last_drift_at, c.error
    from (select) one left join pgtrickle_internal.scrubs c on c.stream_table_id = p_id;
end
$$;
comment on function pgtrickle_internal.scrub_summary(bigint) is 'What pgt_stream_tables shows of the scrubs of a stream table; always one row.';

create function pgtrickle_internal.explain_scrub(p_id bigint) returns table (item text, value text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c pgtrickle_internal.scrubs;
  next_at timestamptz := pgtrickle_internal.next_scrub_at(p_id);
begin
  select s.* into c from pgtrickle_internal.scrubs s where s.stream_table_id = p_id;
  return query values
    ('scrub last', case when c.last_scrubbed_at is null then 'never'
      else format('%s at snapshot %s, level %s', c.last_scrubbed_at, c.snapshot_id, c.level) end),
    ('scrub next', coalesce(format('not before %s', next_at), 'none: paused, without a schedule, or the budget is 0')),
    ('scrub healed', format('drift %s times, damage %s times%s', coalesce(c.drift_count, 0), coalesce(c.damage_count, 0),
      ', last ' || c.last_drift_at)),
    ('scrub error', coalesce(c.error, 'none'));
end
$$;
comment on function pgtrickle_internal.explain_scrub(bigint) is 'What explain() says of the scrubs of a stream table.';

create function pgtrickle_internal.last_healed(p_id bigint) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('at', c.last_drift_at, 'found', (
      select r.reason from pgtrickle_internal.refreshes r
      where r.stream_table_id = c.stream_table_id and r.action = 'Scrub' order by r.id desc limit 1))
    from pgtrickle_internal.scrubs c where c.stream_table_id = p_id and c.last_drift_at is not null);
end
$$;
comment on function pgtrickle_internal.last_healed(bigint) is 'When a scrub healed a stream table last, and what it had found; NULL: never.';

-- Damage that a refresh has met and mended; that a scrub would have found.
create function pgtrickle_internal.note_damage(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgtrickle_internal.scrubs as c (stream_table_id, ended_at, damage_count, last_drift_at)
    values (p_id, clock_timestamp(), 1, clock_timestamp())
    on conflict (stream_table_id) do update set damage_count = c.damage_count + 1, last_drift_at = excluded.last_drift_at;
end
$$;
comment on function pgtrickle_internal.note_damage(bigint) is 'Counts damage that a refresh has mended.';
