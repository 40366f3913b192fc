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
