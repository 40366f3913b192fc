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
