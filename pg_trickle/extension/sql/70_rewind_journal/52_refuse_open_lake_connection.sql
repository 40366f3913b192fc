create function pgtrickle_rewind.refuse_open_lake_connection() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_schema name;
  v_open boolean;
begin
  select n.nspname into v_schema
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'postgres_fdw';
  execute format(
    'select exists (select from %I.postgres_fdw_get_connections() c '
    'join pg_foreign_server s on s.srvname = c.server_name '
    'join pg_foreign_data_wrapper w on w.oid = s.srvfdw where w.fdwname = $1)', v_schema)
  into v_open using 'ducklake_fdw';
  if v_open then
    raise exception 'this session has already talked to the lake, so its repair would not be marked there'
      using errcode = 'TR021', hint = 'Enter the repair on a fresh connection.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.refuse_open_lake_connection() is
  'Raises unless no postgres_fdw connection to the lake is open in this session.';
