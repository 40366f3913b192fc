create function pgtrickle_rewind.refuse_open_lake_connection() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  if pgtrickle_rewind.lake_connections() > 0 then
    raise exception 'this session has already talked to the lake, so its repair would not be marked there'
      using errcode = 'TR021', hint = 'Enter the repair on a fresh connection.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.refuse_open_lake_connection() is
  'Raises unless no postgres_fdw connection to the lake is open in this session.';
