-- Rows added and removed by each snapshot, as far as the catalog tells. NULL where it no longer does: maintenance merges
-- the files of several snapshots into one.
create function pgtrickle_internal.snapshot_rows(p_id bigint)
returns table (snapshot_id bigint, rows_added bigint, rows_removed bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  inlined text := pgtrickle_internal.inlined_rows_sql(p_id);
begin
  return query execute format($sql$
    with tables as (
      select distinct t.table_id
      from pgtrickle_internal.sources s
      join ducklake.ducklake_schema n on n.schema_name = s.lake_schema
      join ducklake.ducklake_table t on t.schema_id = n.schema_id and t.table_name = s.lake_table
      where s.stream_table_id = $1),
    deletes as (
      select d.begin_snapshot, d.data_file_id, d.delete_count,
        d.delete_count - coalesce(lag(d.delete_count) over (partition by d.data_file_id order by d.begin_snapshot), 0) as removed
      from ducklake.ducklake_delete_file d join tables using (table_id)),
    counted as (
      select f.begin_snapshot as snapshot_id, f.record_count as added, 0 as removed
      from ducklake.ducklake_data_file f join tables using (table_id)
      union all
      select d.begin_snapshot, 0, d.removed from deletes d
      union all
      select f.end_snapshot, 0, f.record_count - coalesce((
          select max(d.delete_count) from deletes d where d.data_file_id = f.data_file_id and d.begin_snapshot < f.end_snapshot), 0)
      from ducklake.ducklake_data_file f join tables using (table_id) where f.end_snapshot is not null
      %s)
    select c.snapshot_id, sum(c.added)::bigint, sum(c.removed)::bigint from counted c group by c.snapshot_id$sql$, inlined)
  using p_id;
end
$$;
comment on function pgtrickle_internal.snapshot_rows(bigint) is
  'Rows of its sources that each snapshot added and removed, from the catalog''s file counts.';
