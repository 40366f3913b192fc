-- How many rows each snapshot added to lake tables and removed from them, as far as the catalog's counts still tell.

-- DuckLake keeps small inserts and deletes in tables of its catalog: of inserts one per lake table and schema version.
create function pgtrickle_internal.inlined_rows_sql(p_table_ids bigint[]) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(string_agg(format(case when starts_with(c.relname, 'ducklake_inlined_data') then $sql$
        union all
        select i.begin_snapshot, 1, 0 from ducklake.%1$I i
        union all
        select i.end_snapshot, 0, 1 from ducklake.%1$I i where i.end_snapshot is not null$sql$
      else $sql$
        union all
        select i.begin_snapshot, 0, 1 from ducklake.%1$I i$sql$ end, c.relname), ''), '')
    from pg_class c
    cross join unnest(p_table_ids) as t (table_id)
    where c.relnamespace = 'ducklake'::regnamespace and c.relkind = 'r'
      and c.relname ~ format('^ducklake_inlined_(data_%1$s_[0-9]+|delete_%1$s)$', t.table_id));
end
$$;
comment on function pgtrickle_internal.inlined_rows_sql(bigint[]) is 'The part of lake_table_rows() that counts inlined rows.';
grant execute on function pgtrickle_internal.inlined_rows_sql(bigint[]) to pgtrickle_catalog_reader;

-- NULL where the catalog no longer tells:
-- – a merge or flush makes one data file of the rows of several snapshots, begin_snapshot to partial_max;
-- – the file of a later deletion replaces the one before it and keeps its begin, a flush writes all inlined deletions into one
--   file that begins with the first (partial_max is NULL then), and a deletion may be dated to a snapshot before its own. What
--   such a file holds came between its begin and the commit that made it, which its id tells: ids are given in the order of
--   commits, and each snapshot says which one is next;
-- – what began and ended between two snapshots that are kept goes with the ones that expire, so the number of rows that a
--   snapshot removed is known only beside the snapshot before it.
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
        select d.delete_file_id, d.begin_snapshot, d.data_file_id, d.delete_count, d.partial_max,
          d.delete_count - coalesce(lag(d.delete_count) over (partition by d.data_file_id order by d.begin_snapshot), 0) as removed
        from ducklake.ducklake_delete_file d where d.table_id = any ($1)),
      made as (
        select m.begin_snapshot, m.partial_max, min(m.snapshot_id) over (order by m.file_id desc) as made_at
        from (
          select d.delete_file_id as file_id, d.begin_snapshot, d.partial_max, null as snapshot_id from deletes d
          union all
          select s.next_file_id - 1, null, null, s.snapshot_id from ducklake.ducklake_snapshot s) m),
      mixed as materialized (
        select
          (select range_agg(int8range(f.begin_snapshot, f.partial_max, '[]')) from files f where f.partial_max > f.begin_snapshot) as added,
          (select range_agg(int8range(m.begin_snapshot, greatest(m.partial_max, m.made_at), '[]')) from made m
           where greatest(m.partial_max, m.made_at) > m.begin_snapshot) as removed),
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
        case when (c.snapshot_id <@ (select m.added from mixed m)) is not true then sum(c.added)::bigint end,
        case when (c.snapshot_id <@ (select m.removed from mixed m)) is not true and before.snapshot_id is not null
          then sum(c.removed)::bigint end
      from counted c
      left join ducklake.ducklake_snapshot before on before.snapshot_id = c.snapshot_id - 1
      group by c.snapshot_id, before.snapshot_id$sql$,
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
alter function pgtrickle_internal.lake_table_rows(bigint[]) owner to pgtrickle_catalog_reader;
