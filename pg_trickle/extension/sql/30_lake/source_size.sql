create function pgtrickle_internal.source_size(p_id bigint, p_snapshot bigint, out rows numeric, out files bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  select coalesce(sum(size.rows), 0), coalesce(sum(size.files), 0)::bigint into rows, files
    from pgtrickle_internal.sources s
    cross join lateral pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_snapshot) t
    cross join lateral pgtrickle_internal.lake_table_size(t.table_id, p_snapshot) size
    where s.stream_table_id = p_id;
end
$$;
comment on function pgtrickle_internal.source_size(bigint, bigint) is
  'Rows and data files that a recomputation at a snapshot reads, as the catalog has them (inlined rows not counted).';
