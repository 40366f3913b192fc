-- Deletions that are read twice, too early, or not at all. Where a date is wrong is told only where the catalog tells it: of the
-- positions in a delete file it knows the first snapshot and the last, and a later deletion in that data file takes the place of the last.

create function pgtrickle_internal.inspect_deletions(p_tables bigint[]) returns setof pgtrickle_internal.finding
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      with tables as materialized (select t.* from pgtrickle_internal.lake_tables() t where t.table_id = any (p_tables)),
      deletions as materialized (
        select c.snapshot_id, c.subject::bigint as table_id from pgtrickle_internal.snapshot_changes(-1, 9223372036854775807) c
        where c.kind in ('deleted_from_table', 'inlined_delete') and c.subject ~ '^\d{1,18}$'),
      files as materialized (
        select x.*, t.schema_name, t.table_name, d.begin_snapshot as file_begin, d.end_snapshot as file_end,
          case when x.path_is_relative then t.folder || x.path else x.path end as place,
          case when d.path_is_relative then t.folder || d.path else d.path end as file_place,
          -- What stays is the one with most positions: the fewer of the other are to be deleted again.
          row_number() over (partition by x.data_file_id order by x.delete_count desc, x.delete_file_id) as rank
        from tables t
        join ducklake.ducklake_delete_file x using (table_id)
        join ducklake.ducklake_data_file d on d.data_file_id = x.data_file_id),
      doubled as (
        select distinct on (x.delete_file_id) x.*, k.delete_file_id as kept_id, k.delete_count as kept_count,
          greatest(x.begin_snapshot, k.begin_snapshot) as first, least(x.end_snapshot, k.end_snapshot, x.file_end) - 1 as last
        from files x
        join files k on k.data_file_id = x.data_file_id and k.rank < x.rank
          and greatest(x.begin_snapshot, k.begin_snapshot)
            < coalesce(least(x.end_snapshot, k.end_snapshot, x.file_end), 9223372036854775807)
        order by x.delete_file_id, k.rank),
      -- Materialized, so that only for these is looked where they belong.
      dated_back as materialized (
        select f.*, w.dated
        from files f
        -- A row that the guard has repaired begins behind the wrong date.
        cross join lateral (
          select f.begin_snapshot as dated union select f.partial_max where f.partial_max > f.begin_snapshot) w
        join ducklake.ducklake_snapshot_changes s on s.snapshot_id = w.dated and pgtrickle_guard.is_readable(s.changes_made)
        -- A transaction that deletes rows of its own does not list it.
        where w.dated > f.file_begin
          and not exists (select from deletions c where c.table_id = f.table_id and c.snapshot_id = w.dated))
      select d.table_id, d.data_file_id, 'TwoDeleteFiles', d.first, d.last, format('delete file %s', d.delete_file_id),
        format('data file %s of %s.%s has two delete files at once, %s with %s rows and %s with %s: all its other rows are read twice, and those that one of them deletes once',
          d.data_file_id, d.schema_name, d.table_name, d.kept_id, d.kept_count, d.delete_file_id, d.delete_count),
        case when d.last is null then format(
          E'-- in PostgreSQL\ndelete from ducklake.ducklake_delete_file where delete_file_id = %s;\n'
            '-- at once after it, in DuckDB, the lake attached as lake: what that file deletes is deleted again\n'
            'delete from lake."%s"."%s" where filename = %L and file_row_number in (select pos from read_parquet(%L));',
          d.delete_file_id, replace(d.schema_name, '"', '""'), replace(d.table_name, '"', '""'), d.file_place, d.place)
        else pgtrickle_internal.expiry_text(d.first, d.last) end
      from doubled d
      where d.last is null or pgtrickle_internal.expiry_text(d.first, d.last) is not null
      union all
      select f.table_id, f.data_file_id, 'DeletionDatedBack', n.dated, n.last, format('delete file %s', f.delete_file_id),
        format('delete file %s of data file %s has deletions that are dated to snapshot %s, which deleted nothing from %s.%s: there the rows are missing already that %s deleted',
          f.delete_file_id, f.data_file_id, n.dated, f.schema_name, f.table_name,
          coalesce('snapshot ' || n.committed, 'a later one')),
        pgtrickle_internal.expiry_text(n.dated, n.last)
      from dated_back f
      cross join lateral (
        select f.dated, min(c.snapshot_id) as committed, coalesce(min(c.snapshot_id) - 1, f.dated) as last
        from deletions c where c.table_id = f.table_id and c.snapshot_id > f.dated) n;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.inspect_deletions(bigint[]) is
  'Delete files of these lake tables that are live beside another one of their data file, or dated to a snapshot that deleted nothing.';
alter function pgtrickle_internal.inspect_deletions(bigint[]) owner to pgtrickle_catalog_reader;

-- Small deletions stand in the catalog, in a table of their own for each lake table. Such a row means nothing once its data file is
-- retired: if the file was retired before the deletion was committed, or merged away while it still had to be there, then nobody
-- has deleted that row from what came in the file's place.
create function pgtrickle_internal.inspect_inlined_deletions(p_tables bigint[]) returns setof pgtrickle_internal.finding
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  t record;
begin
  begin
    for t in
      select l.*, c.relname from pgtrickle_internal.lake_tables() l
      join pg_class c on c.relname = format('ducklake_inlined_delete_%s', l.table_id)
        and c.relnamespace = 'ducklake'::regnamespace and c.relkind = 'r' and has_table_privilege(c.oid, 'select')
      where l.table_id = any (p_tables)
    loop
      return query execute format($sql$
        with deletions as materialized (
          select distinct c.snapshot_id from pgtrickle_internal.snapshot_changes(-1, 9223372036854775807) c
          where c.kind in ('deleted_from_table', 'inlined_delete') and c.subject = $1::text),
        wrong as materialized (
          select i.file_id, i.begin_snapshot, i.positions, l.is_lost,
            case when d.path_is_relative then $3 || d.path else d.path end as place
          from (
            select r.file_id, r.begin_snapshot, string_agg(r.row_id::text, ', ' order by r.row_id) as positions
            from ducklake.%1$I r group by r.file_id, r.begin_snapshot) i
          join ducklake.ducklake_snapshot_changes s on s.snapshot_id = i.begin_snapshot and pgtrickle_guard.is_readable(s.changes_made)
          left join ducklake.ducklake_data_file d on d.data_file_id = i.file_id
          left join deletions c on c.snapshot_id = i.begin_snapshot
          cross join lateral (select coalesce(d.end_snapshot < i.begin_snapshot, d.data_file_id is null) as is_lost) l
          where l.is_lost or (i.begin_snapshot > d.begin_snapshot and c.snapshot_id is null))
        select $1, i.file_id, case when i.is_lost then 'DeletionLost' else 'DeletionDatedBack' end, i.begin_snapshot,
          case when not i.is_lost then n.last end, format('ducklake.%%s, data file %%s', %1$L, i.file_id),
          case when i.is_lost then format('snapshot %%s deleted rows from data file %%s of %%s, positions %%s, but a compaction had replaced that file: the rows are still there',
            i.begin_snapshot, i.file_id, $2, i.positions)
          else format('deletions from data file %%s are dated to snapshot %%s, which deleted nothing from %%s: there the rows are missing already that %%s deleted',
            i.file_id, i.begin_snapshot, $2, coalesce('snapshot ' || n.committed, 'a later one')) end,
          case when i.is_lost then format(
            E'-- delete the rows again; where the old file is not cleaned up yet, DuckDB shows them\n'
              'from read_parquet(%%L) where file_row_number in (%%s);\n'
              '-- then, in PostgreSQL\ndelete from ducklake.%%I where file_id = %%s and begin_snapshot = %%s;',
            coalesce(i.place, case when g.path_is_relative then $4 || g.path else g.path end, ''), i.positions, %1$L, i.file_id, i.begin_snapshot)
          else pgtrickle_internal.expiry_text(i.begin_snapshot, n.last) end
        from wrong i
        left join ducklake.ducklake_files_scheduled_for_deletion g on g.data_file_id = i.file_id
        cross join lateral (
          select min(c.snapshot_id) as committed, coalesce(min(c.snapshot_id) - 1, i.begin_snapshot) as last
          from deletions c where c.snapshot_id > i.begin_snapshot) n$sql$, t.relname)
        using t.table_id, concat(t.schema_name, '.', t.table_name), t.folder, t.data_path;
    end loop;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.inspect_inlined_deletions(bigint[]) is
  'Deletions that the catalog itself holds and that are lost, or dated to a snapshot that deleted nothing.';
alter function pgtrickle_internal.inspect_inlined_deletions(bigint[]) owner to pgtrickle_catalog_reader;

-- A flush that DuckLake tried again after another commit has written its delete file and left the same positions in the catalog:
-- DuckDB then takes some of those rows, and of later small deletions, for undeleted. Which positions a delete file has only the file
-- tells; but its first and last date are those of deletions in it, and a snapshot that made small ones alone wrote no file.
create function pgtrickle_internal.inspect_deleted_twice(p_tables bigint[]) returns setof pgtrickle_internal.finding
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  t record;
begin
  begin
    for t in
      select l.*, c.relname from pgtrickle_internal.lake_tables() l
      join pg_class c on c.relname = format('ducklake_inlined_delete_%s', l.table_id)
        and c.relnamespace = 'ducklake'::regnamespace and c.relkind = 'r' and has_table_privilege(c.oid, 'select')
      where l.table_id = any (p_tables)
    loop
      return query execute format($sql$
        with small as materialized (
          select c.snapshot_id from pgtrickle_internal.snapshot_changes(-1, 9223372036854775807) c
          join ducklake.ducklake_snapshot_changes s on s.snapshot_id = c.snapshot_id and pgtrickle_guard.is_readable(s.changes_made)
          where c.subject = $1::text and c.kind in ('deleted_from_table', 'inlined_delete')
          group by c.snapshot_id having bool_and(c.kind = 'inlined_delete')),
        doubled as (
          select x.data_file_id, x.delete_file_id, min(r.begin_snapshot) as first, least(x.end_snapshot, d.end_snapshot) - 1 as last,
            string_agg(r.row_id::text, ', ' order by r.row_id) as positions, d.end_snapshot is not null as is_replaced,
            case when d.path_is_relative then $4 || d.path else d.path end as place
          from ducklake.ducklake_delete_file x
          join ducklake.ducklake_data_file d on d.data_file_id = x.data_file_id
          join ducklake.%1$I r on r.file_id = x.data_file_id
            and r.begin_snapshot between x.begin_snapshot and coalesce(x.partial_max, x.begin_snapshot)
          where x.table_id = $1
          group by x.delete_file_id, x.data_file_id, x.end_snapshot, d.data_file_id
          having bool_or(r.begin_snapshot in (x.begin_snapshot, x.partial_max) and r.begin_snapshot in (select m.snapshot_id from small m)))
        select $1, u.data_file_id, 'DeletedTwice', u.first, u.last, format('ducklake.%%s, data file %%s', %1$L, u.data_file_id),
          format('data file %%s of %%s.%%s has deletions twice, in delete file %%s and in the catalog, among them of positions %%s: of these rows and of those deleted since some are back',
            u.data_file_id, $2, $3, u.delete_file_id, u.positions),
          case when u.last is null then format(
            E'-- in DuckDB, the lake attached as lake: once more, and nobody beside it\n'
              'call ducklake_flush_inlined_data(''lake'', schema_name => %%L, table_name => %%L);', $2, $3)
          else case when u.is_replaced then format(
              E'-- what came in the place of the file has those rows: delete them again; where it is not cleaned up yet, DuckDB shows them\n'
                'from read_parquet(%%L) where file_row_number in (%%s);\n', u.place, a.positions) else '' end
            || pgtrickle_internal.expiry_text(u.first, u.last) end
        from doubled u
        cross join lateral (
          select string_agg(r.row_id::text, ', ' order by r.row_id) as positions from ducklake.%1$I r where r.file_id = u.data_file_id) a
        where u.last is null or pgtrickle_internal.expiry_text(u.first, u.last) is not null$sql$, t.relname)
        using t.table_id, t.schema_name, t.table_name, t.folder;
    end loop;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.inspect_deleted_twice(bigint[]) is
  'Deletions that a delete file of these lake tables and the catalog itself both hold, as far as dates tell.';
alter function pgtrickle_internal.inspect_deleted_twice(bigint[]) owner to pgtrickle_catalog_reader;
