-- Not those to lake_engine: its user may only read.

create function pgtrickle_rewind.lake_connections() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_schema name;
  v_count bigint;
begin
  select n.nspname into v_schema
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'postgres_fdw';
  execute format(
    'select count(*) from %I.postgres_fdw_get_connections() c '
    'join pg_foreign_server s on s.srvname = c.server_name '
    'join pg_foreign_data_wrapper w on w.oid = s.srvfdw where w.fdwname = $1 and s.srvname <> $2', v_schema)
  into v_count using 'ducklake_fdw', 'lake_engine';
  return v_count;
end;
$$;
comment on function pgtrickle_rewind.lake_connections() is
  'How many connections to the lake, by which it could be written, this session has open.';
