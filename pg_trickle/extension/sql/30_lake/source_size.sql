create function pgtrickle_internal.source_size(p_id bigint, p_snapshot bigint, out rows numeric, out files bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  select coalesce(sum(f.record_count), 0), count(f.data_file_id) into rows, files
    from pgtrickle_internal.sources s
    cross join lateral pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_snapshot) t
    join ducklake.ducklake_data_file f on f.table_id = t.table_id
    where s.stream_table_id = p_id and f.begin_snapshot <= p_snapshot
      and (f.end_snapshot is null or f.end_snapshot > p_snapshot);
end
$$;
comment on function pgtrickle_internal.source_size(bigint, bigint) is
  'Rows and data files that a recomputation at a snapshot reads, as the catalog has them (inlined rows not counted).';
