-- Rows added and removed by each snapshot, as far as the catalog tells. NULL where it no longer does: maintenance merges
-- the files of several snapshots into one, which then stands for begin_snapshot to partial_max.
create function pgtrickle_internal.snapshot_rows(p_id bigint)
returns table (snapshot_id bigint, rows_added bigint, rows_removed bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format($sql$
    with tables as (
      select distinct t.table_id
      from pgtrickle_internal.sources s
      join ducklake.ducklake_schema n on n.schema_name = s.lake_schema
      join ducklake.ducklake_table t on t.schema_id = n.schema_id and t.table_name = s.lake_table
      where s.stream_table_id = $1),
    files as materialized (
      select f.data_file_id, f.begin_snapshot, f.end_snapshot, f.record_count, f.partial_max
      from ducklake.ducklake_data_file f join tables using (table_id)),
    -- a delete file replaces the one before it and holds its rows too
    deletes as materialized (
      select d.begin_snapshot, d.data_file_id, d.delete_count, d.partial_max,
        d.delete_count - coalesce(lag(d.delete_count) over (partition by d.data_file_id order by d.begin_snapshot), 0) as removed
      from ducklake.ducklake_delete_file d join tables using (table_id)),
    counted as (
      select f.begin_snapshot as snapshot_id, f.record_count as added, 0::bigint as removed from files f
      union all
      select d.begin_snapshot, 0, d.removed from deletes d
      union all
      select f.end_snapshot, 0, f.record_count - coalesce(d.deleted, 0)
      from files f
      left join (select d.data_file_id, max(d.delete_count) as deleted from deletes d group by 1) d using (data_file_id)
      where f.end_snapshot is not null
      %s)
    select c.snapshot_id,
      case when not exists (select from files f where c.snapshot_id between f.begin_snapshot and f.partial_max)
        then sum(c.added)::bigint end,
      case when not exists (select from deletes d where c.snapshot_id between d.begin_snapshot and d.partial_max)
        then sum(c.removed)::bigint end
    from counted c group by c.snapshot_id$sql$,
    pgtrickle_internal.inlined_rows_sql(p_id))
  using p_id;
end
$$;
comment on function pgtrickle_internal.snapshot_rows(bigint) is
  'Rows of its sources that each snapshot added and removed, from the catalog''s file counts.';
