create function pgtrickle_internal.check_adopted() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pgtrickle_internal.is_adopted() then
    raise exception 'this database was restored from a dump of another one; its stream tables stand still'
      using errcode = 'TR017',
        hint = 'Two catalogs over one data path delete each other''s files. When the other database is gone for good, or this one has its own copy of the data path: select pgtrickle.adopt();';
  end if;
end
$$;
comment on function pgtrickle_internal.check_adopted() is 'TR017 while a restored database has not been adopted.';
