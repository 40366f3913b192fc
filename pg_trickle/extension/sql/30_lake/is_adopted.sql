create function pgtrickle_internal.is_adopted() returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return not exists (
    select from pgtrickle_internal.installation i, pgtrickle_internal.identity() here
    where i.system_identifier <> here.system_identifier or i.database_oid <> here.database_oid);
end
$$;
comment on function pgtrickle_internal.is_adopted() is 'False in a database restored from a dump, until adopt().';
