-- The owner of a temporary view of this session cannot be forged: it tells who calls.
create function pgtrickle_internal.check_own_view(p_view regclass) returns regrole
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  view_owner oid;
begin
  select c.relowner into view_owner from pg_class c
    where c.oid = p_view and c.relkind = 'v' and c.relnamespace = pg_my_temp_schema();
  if view_owner is null or not pg_has_role(pgtrickle_internal.caller(), view_owner, 'usage') then
    raise exception 'stream tables are created by pgtrickle.create_stream_table()' using errcode = '42501';
  end if;
  return view_owner::regrole;
end
$$;
comment on function pgtrickle_internal.check_own_view(regclass) is 'The owner of a temporary view of this session; 42501 for anything else.';
