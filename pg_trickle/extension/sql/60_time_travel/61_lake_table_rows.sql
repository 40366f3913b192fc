-- NULL where the catalog no longer tells: maintenance merges the files of several snapshots into one, which then stands
-- for begin_snapshot to partial_max.
create function pgtrickle_internal.lake_table_rows(p_table_ids bigint[])
returns table (snapshot_id bigint, rows_added bigint, rows_removed bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query execute format($sql$
      with files as materialized (
        select f.data_file_id, f.begin_snapshot, f.end_snapshot, f.record_count, f.partial_max
        from ducklake.ducklake_data_file f where f.table_id = any ($1)),
      -- a delete file replaces the one before it and holds its rows too
      deletes as materialized (
        select d.begin_snapshot, d.data_file_id, d.delete_count, d.partial_max,
          d.delete_count - coalesce(lag(d.delete_count) over (partition by d.data_file_id order by d.begin_snapshot), 0) as removed
        from ducklake.ducklake_delete_file d where d.table_id = any ($1)),
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
      pgtrickle_internal.inlined_rows_sql(p_table_ids))
    using p_table_ids;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_table_rows(bigint[]) is
  'Rows of these lake tables that each snapshot added and removed, from the catalog''s file counts.';
