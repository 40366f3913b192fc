create function pgtrickle_internal.lake_table_ids(p_schema text, p_table text) returns setof bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select distinct t.table_id
      from ducklake.ducklake_schema s join ducklake.ducklake_table t using (schema_id)
      where s.schema_name = p_schema and t.table_name = p_table;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_table_ids(text, text) is
  'Ids of all lake tables that have ever had this name.';
