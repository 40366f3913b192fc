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
