-- The lake's catalog is in this database; before the engine's first start it has no tables.
create function pgtrickle_internal.check_catalog() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('ducklake.ducklake_snapshot') is null then
    raise exception 'there is no lake in this database yet'
      using errcode = 'TR014', hint = 'Call pgtrickle.attach_lake(…), then start the lake engine: it creates the catalog in schema ducklake.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_catalog() is 'TR014 if this database holds no DuckLake catalog.';
grant execute on function pgtrickle_internal.check_catalog() to pgtrickle_catalog_reader;

-- Which DuckLake the catalog is of. A client with a newer one migrates it, and locks the lake engine out: at its next start it
-- could not attach any more. Until then it would go on as if nothing had happened.
create function pgtrickle_internal.known_lake_version() returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select '1.0' $$;
comment on function pgtrickle_internal.known_lake_version() is 'The version of DuckLake''s catalog that the lake engine knows; the engine''s own is in lake/duck/catalog-version.ts.';

create function pgtrickle_internal.lake_version() returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_version text;
begin
  begin
    if to_regclass('ducklake.ducklake_metadata') is not null then
      select max(m.value) into v_version from ducklake.ducklake_metadata m where m.key = 'version';
    end if;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_version;
end
$$;
comment on function pgtrickle_internal.lake_version() is 'The version of DuckLake that the lake''s catalog says it has; NULL: there is none yet.';
alter function pgtrickle_internal.lake_version() owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_version_problem(out problem text, out way_out text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known text := pgtrickle_internal.known_lake_version();
  found text := pgtrickle_internal.lake_version();
begin
  if found is null or found = known then
    return;
  end if;
  problem := format('the lake''s catalog has DuckLake version %s, and the lake engine knows %s', found, known);
  way_out := case
    when string_to_array(substring(found from '^\d{1,9}(?:\.\d{1,9})*'), '.')::integer[] < string_to_array(known, '.')::integer[]
    then format('After a backup, attach it once in a DuckDB that has DuckLake %s, with AUTOMATIC_MIGRATION.', known)
    else format('A newer client has migrated it. Install a pg_trickle that knows %s; or stop all clients and restore database and data files from a backup of before.', found)
  end;
end
$$;
comment on function pgtrickle_internal.lake_version_problem() is 'NULL, or that the catalog is of a DuckLake that the lake engine does not know, and what to do.';

-- Not by what was heard of the lake last: from the moment that the version is another one nothing more is published by this catalog.
-- What the undo journal has needs nothing of it.
create function pgtrickle_internal.check_lake_version() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  version_problem record := pgtrickle_internal.lake_version_problem();
begin
  if version_problem.problem is not null then
    -- In the message, as last_error has no hint.
    raise exception '%. %', version_problem.problem, version_problem.way_out
      using errcode = 'TR014', hint = 'Nothing was changed. Stream tables are refreshed again by themselves when the version is right.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_lake_version() is 'TR014 if the catalog is of a DuckLake that the lake engine does not know, with the way out.';

-- Where the catalog says that the lake's files are, and where the engine was set to look for them: attach_lake() is told. An engine
-- that is set to another place ends when it starts, so it cannot say so itself.
create function pgtrickle_internal.lake_data_path() returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_path text;
begin
  begin
    if to_regclass('ducklake.ducklake_metadata') is not null then
      select max(m.value) into v_path from ducklake.ducklake_metadata m where m.key = 'data_path';
    end if;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_path;
end
$$;
comment on function pgtrickle_internal.lake_data_path() is 'The data path that the lake''s catalog says it has; NULL: there is none yet.';
alter function pgtrickle_internal.lake_data_path() owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_data_path_problem(p_engine text, out problem text, out way_out text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  found text := pgtrickle_internal.lake_data_path();
  own text := rtrim(p_engine, '/') || '/';
begin
  if found is null or own is null or found = own then
    return;
  end if;
  problem := format('the lake''s catalog has the data path %s, and the lake engine is set to %s', found, own);
  way_out := format('Set LAKE_DATA_PATH (in the chart pgTrickle.lake.s3.bucket and .prefix) to the catalog''s. Or, if the files were moved, stop all clients and run in PostgreSQL: update ducklake.ducklake_metadata set value = %L where key = ''data_path'';', own);
end
$$;
comment on function pgtrickle_internal.lake_data_path_problem(text) is
  'NULL, or that the catalog''s files are elsewhere than the lake engine is set to (NULL: not known), and what to do.';

create function pgtrickle_internal.lake_catalog_problem(p_engine_data_path text, out problem text, out way_out text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  select v.* into problem, way_out from pgtrickle_internal.lake_version_problem() v;
  if problem is null then
    select d.* into problem, way_out from pgtrickle_internal.lake_data_path_problem(p_engine_data_path) d;
  end if;
end
$$;
comment on function pgtrickle_internal.lake_catalog_problem(text) is
  'NULL, or why a lake engine with this data path cannot work with the catalog, and what to do.';
