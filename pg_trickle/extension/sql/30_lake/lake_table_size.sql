create function pgtrickle_internal.lake_table_size(
  p_table_id bigint, p_snapshot bigint, out rows numeric, out files bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    select coalesce(sum(f.record_count), 0), count(f.data_file_id) into rows, files
      from ducklake.ducklake_data_file f
      where f.table_id = p_table_id and f.begin_snapshot <= p_snapshot
        and (f.end_snapshot is null or f.end_snapshot > p_snapshot);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_table_size(bigint, bigint) is
  'Rows and data files of a lake table at a snapshot, as the catalog has them (inlined rows not counted).';
