-- Never raises for an unreachable lake: its state is the result. The caller's statement_timeout bounds the call.
create function pgtrickle.check_lake() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  is_alive boolean;
  v_version text;
  v_started_at timestamptz;
  failure_code text;
  failure text;
begin
  begin
    select p.ok, p.version, p.started_at into is_alive, v_version, v_started_at from pgtrickle_lake.ping p;
    if is_alive is not true then
      failure_code := 'TR014';
      failure := 'the lake engine does not answer its ping';
    end if;
  exception
    when query_canceled then
      failure_code := 'TR014';
      failure := 'the lake engine did not answer in time';
    when others then
      failure_code := sqlstate;
      failure := sqlerrm;
  end;
  insert into pgtrickle_internal.lake_health as h
      (is_healthy, checked_at, healthy_at, failing_since, sqlstate, error, engine_version, engine_started_at)
    values (failure is null, clock_timestamp(), case when failure is null then clock_timestamp() end,
      case when failure is not null then clock_timestamp() end, failure_code, failure,
      v_version, v_started_at)
    on conflict (is_only_row) do update set
      is_healthy = excluded.is_healthy, checked_at = excluded.checked_at,
      healthy_at = coalesce(excluded.healthy_at, h.healthy_at),
      failing_since = case when excluded.is_healthy then null else coalesce(h.failing_since, excluded.failing_since) end,
      sqlstate = excluded.sqlstate, error = excluded.error,
      engine_version = coalesce(excluded.engine_version, h.engine_version),
      engine_started_at = coalesce(excluded.engine_started_at, h.engine_started_at);
  return failure is null;
end
$$;
comment on function pgtrickle.check_lake() is 'Asks the lake engine whether it lives and records the answer; false if it does not.';
