create function pgtrickle_internal.lake_columns(p_table_id bigint) returns table (column_name text, column_type text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select c.column_name::text, c.column_type::text
      from ducklake.ducklake_column c
      where c.table_id = p_table_id and c.end_snapshot is null and c.parent_column is null;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_columns(bigint) is
  'Columns of a lake table as they are now, without those inside of others.';
