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
