-- Whether anything would be refreshed now: the engine's last answer, whether a scheduler runs, and the status of a stream table that follows.

-- What the scheduler last saw of the lake engine. One row.
create table pgtrickle_internal.lake_health (
  is_only_row boolean not null default true,
  is_healthy boolean not null,
  checked_at timestamptz not null,
  healthy_at timestamptz,
  failing_since timestamptz,
  sqlstate text,
  error text,
  engine_version text,
  engine_started_at timestamptz,
  constraint lake_health_pkey primary key (is_only_row),
  constraint lake_health_has_one_row check (is_only_row)
);
comment on table pgtrickle_internal.lake_health is 'The last answer of the lake engine to the scheduler''s ping.';

create function pgtrickle_internal.record_lake_health(p_sqlstate text, p_error text, p_version text, p_started_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgtrickle_internal.lake_health as h
      (is_healthy, checked_at, healthy_at, failing_since, sqlstate, error, engine_version, engine_started_at)
    values (p_error is null, clock_timestamp(), case when p_error is null then clock_timestamp() end,
      case when p_error is not null then clock_timestamp() end, p_sqlstate, p_error, p_version, p_started_at)
    on conflict (is_only_row) do update set
      is_healthy = excluded.is_healthy, checked_at = excluded.checked_at,
      healthy_at = coalesce(excluded.healthy_at, h.healthy_at),
      failing_since = case when excluded.is_healthy then null else coalesce(h.failing_since, excluded.failing_since) end,
      sqlstate = excluded.sqlstate, error = excluded.error,
      engine_version = coalesce(excluded.engine_version, h.engine_version),
      engine_started_at = coalesce(excluded.engine_started_at, h.engine_started_at);
end
$$;
comment on function pgtrickle_internal.record_lake_health(text, text, text, timestamptz) is
  'What was seen of the lake engine now; p_error NULL: it answered.';

-- Does not raise for an unreachable lake: its state is the result. The caller's statement_timeout bounds the call. One case
-- is out of its hands: a connection that was cut in the middle of the call fails the commit; record_lake_failure() is for it.
create function pgtrickle.check_lake() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  is_alive boolean;
  v_version text;
  v_started_at timestamptz;
  v_problem text;
  failure_code text;
  failure text;
  catalog_problem record;
begin
  begin
    -- First, and from here: an engine that has been started since does not run.
    select * into catalog_problem from pgtrickle_internal.lake_catalog_problem(
      (select i.data_path from pgtrickle_internal.installation i));
    if catalog_problem.problem is not null then
      raise exception '%. %', catalog_problem.problem, catalog_problem.way_out using errcode = 'TR014';
    end if;
    select p.ok, p.version, p.started_at, p.problem into is_alive, v_version, v_started_at, v_problem from pgtrickle_lake.ping p;
    if is_alive is not true then
      failure_code := 'TR014';
      failure := coalesce(v_problem, 'the lake engine does not answer its ping');
    end if;
  exception
    when query_canceled then
      failure_code := 'TR014';
      failure := 'the lake engine did not answer in time';
    when others then
      failure_code := sqlstate;
      failure := sqlerrm;
  end;
  perform pgtrickle_internal.record_lake_health(failure_code, failure, v_version, v_started_at);
  return failure is null;
end
$$;
comment on function pgtrickle.check_lake() is 'Asks the lake engine whether it lives and records the answer; false if it does not.';
grant execute on function pgtrickle.check_lake() to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle.record_lake_failure(sqlstate text, message text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_internal.record_lake_health(record_lake_failure.sqlstate, record_lake_failure.message, null, null);
end
$$;
comment on function pgtrickle.record_lake_failure(text, text) is 'Records that check_lake() itself failed, in a transaction of its own.';
grant execute on function pgtrickle.record_lake_failure(text, text) to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle_internal.is_scheduler_alive() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select exists (
      select from pg_locks l
      where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.objid = 0
        and l.classid = pgtrickle_internal.lock_class()::oid
        and l.database = (select d.oid from pg_database d where d.datname = current_database())));
end
$$;
comment on function pgtrickle_internal.is_scheduler_alive() is 'Whether some session holds the scheduler''s lock.';

-- Why nothing would be refreshed now, although nothing is paused. Computed when read: a scheduler that is gone cannot say so.
create function pgtrickle_internal.lake_problem() returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  health pgtrickle_internal.lake_health;
begin
  if not pgtrickle_internal.is_scheduler_alive() then
    return 'no scheduler is running';
  end if;
  select h.* into health from pgtrickle_internal.lake_health h;
  if not health.is_healthy then
    return format('the lake is not reachable since %s: %s', date_trunc('second', health.failing_since), health.error);
  end if;
  if clock_timestamp() - health.checked_at > pgtrickle_internal.setting('lake_health_max_age_ms') * interval '1 millisecond' then
    return format('the scheduler has not heard of the lake since %s', date_trunc('second', health.checked_at));
  end if;
  return null;
end
$$;
comment on function pgtrickle_internal.lake_problem() is 'NULL, or what keeps all stream tables from being refreshed.';

-- For alerts: of what kind it is that keeps all stream tables from being refreshed. The version is asked of the catalog itself, so
-- that it is told apart also where the engine is down because of it.
create function pgtrickle.lake_trouble() returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return case
    when (pgtrickle_internal.lake_version_problem()).problem is not null then 'version'
    when exists (select from pgtrickle_internal.lake_health h where not h.is_healthy) then 'engine' end;
end
$$;
comment on function pgtrickle.lake_trouble() is
  'For metrics: version (the catalog is of a DuckLake that the lake engine does not know), engine (the last check_lake() failed), or NULL.';
grant execute on function pgtrickle.lake_trouble() to pgtrickle_scheduler, pgtrickle_admin;

create function pgtrickle_internal.status(p_id bigint) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select case
        when not pgtrickle_internal.is_adopted() or exists (select from pgtrickle_internal.holds h where h.stream_table_id = s.id) then 'PAUSED'
        when not s.is_populated then 'INITIALIZING'
        when s.last_failed_at > s.last_refreshed_at or pgtrickle_internal.lake_problem() is not null then 'ERROR'
        else 'ACTIVE'
      end
    from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.status(bigint) is 'ACTIVE, PAUSED, ERROR or INITIALIZING, as of now.';
