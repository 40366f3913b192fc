-- The state of a lake table by the catalog's commit ids. What the files are is read in one statement: what commits afterwards cannot
-- mix into it. Rows and deletions that DuckLake keeps in tables of the catalog have other tables for each lake table, so they are
-- read before it and once more after it, until nothing has changed in between. All runs as a role that has the catalog's rights and
-- no others, in subtransactions that are rolled back (lake/README.md).
--
-- Files get their ids in the order of commits, so whatever came after a manifest has an id from its next_file_id on: p_floor. All
-- files are wanted with 0.
create function pgtrickle_internal.read_lake_state(
  p_table_id bigint, p_snapshot bigint, p_since bigint, p_floor bigint) returns pgtrickle_internal.lake_state
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  inlined pgtrickle_internal.lake_inlined;
  again pgtrickle_internal.lake_inlined := pgtrickle_internal.read_inlined(p_table_id, p_snapshot, p_since);
  state pgtrickle_internal.lake_state;
begin
  for attempt in 1 .. 5 loop
    inlined := again;
    state := pgtrickle_internal.read_lake_files(p_table_id, p_snapshot, p_floor, inlined);
    exit when not inlined.is_used;
    again := pgtrickle_internal.read_inlined(p_table_id, p_snapshot, p_since);
    exit when again is not distinct from inlined;
  end loop;
  return state;
end
$$;
comment on function pgtrickle_internal.read_lake_state(bigint, bigint, bigint, bigint) is
  'A lake table at a snapshot: sums over its live files, and those files that have an id, or a delete file with an id, from p_floor on, or deletions in the catalog.';

create function pgtrickle_internal.read_inlined(p_table_id bigint, p_snapshot bigint, p_since bigint)
returns pgtrickle_internal.lake_inlined
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_relation record;
  v_inlined pgtrickle_internal.lake_inlined;
  v_live bigint;
  v_since bigint;
begin
  v_inlined.is_used := false;
  v_inlined.row_count := 0;
  v_inlined.since_count := 0;
  v_inlined.file_ids := '{}';
  v_inlined.positions := '{}';
  v_inlined.snapshots := '{}';
  begin
    for v_relation in
      select t.table_name as relname, true as is_rows from ducklake.ducklake_inlined_data_tables t
      where t.table_id = p_table_id and to_regclass(format('ducklake.%I', t.table_name)) is not null
      union all
      select format('ducklake_inlined_delete_%s', p_table_id), false
      where to_regclass(format('ducklake.ducklake_inlined_delete_%s', p_table_id)) is not null
    loop
      v_inlined.is_used := true;
      if v_relation.is_rows then
        execute format($sql$
          select count(*) filter (where i.begin_snapshot <= $1 and (i.end_snapshot is null or i.end_snapshot > $1)),
            count(*) filter (where i.begin_snapshot <= $2 and (i.end_snapshot is null or i.end_snapshot > $2))
          from ducklake.%I i$sql$, v_relation.relname) into v_live, v_since using p_snapshot, p_since;
        v_inlined.row_count := v_inlined.row_count + v_live;
        v_inlined.since_count := v_inlined.since_count + v_since;
      else
        execute format($sql$
          select coalesce(array_agg(i.file_id order by i.file_id, i.row_id), '{}'), coalesce(array_agg(i.row_id order by i.file_id, i.row_id), '{}'),
            coalesce(array_agg(i.begin_snapshot order by i.file_id, i.row_id), '{}')
          from ducklake.%I i where i.begin_snapshot <= $1$sql$, v_relation.relname)
          into v_inlined.file_ids, v_inlined.positions, v_inlined.snapshots using p_snapshot;
      end if;
    end loop;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_inlined;
end
$$;
comment on function pgtrickle_internal.read_inlined(bigint, bigint, bigint) is
  'What the catalog itself holds of a lake table at a snapshot: how many rows there and at an earlier snapshot, and deletions from data files.';
alter function pgtrickle_internal.read_inlined(bigint, bigint, bigint) owner to pgtrickle_catalog_reader;

-- The sums are taken in one pass over each table, without joining them: a delete file of a data file that is gone is counted too,
-- always. Only files that may be new are put together.
create function pgtrickle_internal.read_lake_files(
  p_table_id bigint, p_snapshot bigint, p_floor bigint, p_inlined pgtrickle_internal.lake_inlined)
returns pgtrickle_internal.lake_state
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
-- One plan for all calls: planning costs more than reading.
set plan_cache_mode = force_generic_plan
as $$
declare
  v_state pgtrickle_internal.lake_state;
begin
  begin
    with place as materialized (
      select t.path_is_relative and s.path_is_relative as is_relative,
        case when t.path_is_relative then s.path || t.path else t.path end as folder
      from ducklake.ducklake_table t join ducklake.ducklake_schema s using (schema_id)
      where t.table_id = p_table_id order by t.begin_snapshot desc, s.begin_snapshot desc limit 1),
    data as (
      select count(*) as file_count, coalesce(sum(f.data_file_id), 0) as id_sum, coalesce(sum(f.record_count), 0)::bigint as record_count,
        count(*) filter (where f.partial_max > p_snapshot) as later_count
      from ducklake.ducklake_data_file f
      where f.table_id = p_table_id and f.begin_snapshot <= p_snapshot and (f.end_snapshot is null or f.end_snapshot > p_snapshot)),
    deletes as (
      select count(*) as file_count, coalesce(sum(d.delete_file_id), 0) as id_sum, coalesce(sum(d.delete_count), 0)::bigint as deleted_count,
        count(*) filter (where d.partial_max > p_snapshot) as later_count
      from ducklake.ducklake_delete_file d
      where d.table_id = p_table_id and d.begin_snapshot <= p_snapshot and (d.end_snapshot is null or d.end_snapshot > p_snapshot)),
    inlined as materialized (
      select i.file_id, array_agg(i.position order by i.position) as positions, array_agg(i.snapshot order by i.position) as snapshots
      from unnest(p_inlined.file_ids, p_inlined.positions, p_inlined.snapshots) as i (file_id, position, snapshot)
      group by i.file_id),
    fresh as materialized (
      select f.data_file_id from ducklake.ducklake_data_file f where f.table_id = p_table_id and f.data_file_id >= p_floor
      union
      select d.data_file_id from ducklake.ducklake_delete_file d where d.table_id = p_table_id and d.delete_file_id >= p_floor
      union
      select i.file_id from inlined i),
    live as materialized (
      select f.data_file_id, f.path, f.path_is_relative, f.begin_snapshot, f.record_count, f.file_size_bytes, f.row_id_start, f.partial_max,
        f.mapping_id is null and f.encryption_key is null and f.file_format = 'parquet'
          and d.encryption_key is null and coalesce(d.format, 'parquet') = 'parquet' as is_readable,
        d.delete_file_id, d.path as delete_path, d.path_is_relative as is_delete_relative, d.begin_snapshot as delete_begin,
        d.partial_max as delete_partial_max, coalesce(d.delete_count, 0) as delete_count, i.positions, i.snapshots
      from fresh x
      join ducklake.ducklake_data_file f on f.data_file_id = x.data_file_id
      left join ducklake.ducklake_delete_file d on d.data_file_id = x.data_file_id and d.table_id = p_table_id
        and d.begin_snapshot <= p_snapshot and (d.end_snapshot is null or d.end_snapshot > p_snapshot)
      left join inlined i on i.file_id = x.data_file_id
      where f.table_id = p_table_id and f.begin_snapshot <= p_snapshot and (f.end_snapshot is null or f.end_snapshot > p_snapshot)),
    doubled as (
      select l.data_file_id from live l where l.delete_file_id is not null group by l.data_file_id having count(*) > 1 limit 1)
    select p_table_id, p_snapshot, (select max(s.snapshot_id) from ducklake.ducklake_snapshot s),
      (select max(s.next_file_id) from ducklake.ducklake_snapshot s where s.snapshot_id <= p_snapshot),
      f.file_count, f.id_sum, d.file_count, d.id_sum, f.record_count, d.deleted_count,
      (select coalesce(sum(cardinality(l.positions)), 0)::bigint from live l), p_inlined.row_count, p_inlined.since_count, f.later_count + d.later_count,
      (select format('data file %s has more than one live delete file', x.data_file_id) from doubled x),
      (select array_agg(row(l.data_file_id,
          case when l.path_is_relative then p.folder || l.path else l.path end, p.is_relative and l.path_is_relative, l.begin_snapshot, l.record_count,
          l.file_size_bytes, l.row_id_start, l.partial_max is not null, l.delete_file_id,
          case when l.is_delete_relative then p.folder || l.delete_path else l.delete_path end, l.is_delete_relative and p.is_relative, l.delete_begin,
          l.delete_partial_max is not null, l.delete_count, coalesce(l.positions, '{}'), coalesce(l.snapshots, '{}'),
          l.is_readable)::pgtrickle_internal.lake_file)
       from live l cross join place p)
    into v_state
    from data f cross join deletes d;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_state;
end
$$;
comment on function pgtrickle_internal.read_lake_files(bigint, bigint, bigint, pgtrickle_internal.lake_inlined) is
  'The part of read_lake_state() that data files and delete files tell.';
alter function pgtrickle_internal.read_lake_files(bigint, bigint, bigint, pgtrickle_internal.lake_inlined) owner to pgtrickle_catalog_reader;

-- A file that left the state: gone from the catalog if a merge or flush took its rows along, ended if they were rewritten or deleted.
create function pgtrickle_internal.lake_ended_files(p_ids bigint[]) returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids bigint[];
begin
  begin
    select coalesce(array_agg(f.data_file_id), '{}') into v_ids
      from ducklake.ducklake_data_file f where f.data_file_id = any (p_ids);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_ids;
end
$$;
comment on function pgtrickle_internal.lake_ended_files(bigint[]) is 'Those of these data files that the catalog still lists.';
alter function pgtrickle_internal.lake_ended_files(bigint[]) owner to pgtrickle_catalog_reader;
