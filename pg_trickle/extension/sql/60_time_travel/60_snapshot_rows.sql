create function pgtrickle_internal.snapshot_rows(p_id bigint)
returns table (snapshot_id bigint, rows_added bigint, rows_removed bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select r.* from pgtrickle_internal.lake_table_rows(array(
      select distinct t.table_id
      from pgtrickle_internal.sources s
      cross join lateral pgtrickle_internal.lake_table_ids(s.lake_schema, s.lake_table) as t (table_id)
      where s.stream_table_id = p_id)) r;
end
$$;
comment on function pgtrickle_internal.snapshot_rows(bigint) is
  'Rows of its sources that each snapshot added and removed, as far as the catalog tells.';
