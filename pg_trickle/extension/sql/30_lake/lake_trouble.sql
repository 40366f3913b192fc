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
