-- The files of lake tables: which the catalog lists, and which of them the engine may not read.

-- As the catalog lists them.
create function pgtrickle_internal.registered_files(p_tables bigint[])
returns table (table_id bigint, data_file_id bigint, what text, id bigint, first bigint, last bigint, place text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select f.table_id, f.data_file_id, f.what, f.id, f.begin_snapshot, f.end_snapshot - 1,
        (case when f.path_is_relative then t.folder || f.path else f.path end)::text
      from (
        select d.table_id, d.data_file_id, 'data' as what, d.data_file_id as id, d.path, d.path_is_relative, d.begin_snapshot, d.end_snapshot
        from ducklake.ducklake_data_file d where d.table_id = any (p_tables)
        union all
        select x.table_id, x.data_file_id, 'delete', x.delete_file_id, x.path, x.path_is_relative, x.begin_snapshot, x.end_snapshot
        from ducklake.ducklake_delete_file x where x.table_id = any (p_tables)) f
      join pgtrickle_internal.lake_tables() t on t.table_id = f.table_id;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.registered_files(bigint[]) is 'All data files and delete files of these lake tables, with their whole paths.';
alter function pgtrickle_internal.registered_files(bigint[]) owner to pgtrickle_catalog_reader;

-- Files outside of the lake's data path: add_data_files() takes any path. The engine may read the data path alone ("file system
-- operations are disabled"), so neither the newest rows nor the past can be read where such a file has a part in them.
create function pgtrickle_internal.inspect_files(p_tables bigint[]) returns setof pgtrickle_internal.finding
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return query
    select t.table_id, f.data_file_id, 'FileOutside', f.first, f.last, format('%s file %s', f.what, f.id),
      format('%s file %s of %s.%s is %s, outside of the data path %s: the lake engine may not read it', f.what, f.id, t.schema_name,
        t.table_name, f.place, t.data_path),
      -- Byte for byte, as the catalog has its size; under a number of its own, as two folders may have files of one name.
      format(E'-- after copying that file, byte for byte, to %s; in PostgreSQL\n'
          'update ducklake.ducklake_%s_file set path = %L, path_is_relative = %s where %s_file_id = %s;',
        -- A path is the catalog's owner's: it must not end the comment.
        translate(p.inside || p.file, E'\n\r', '  '), f.what, case when t.is_relative then p.file else p.inside || p.file end,
        case when t.is_relative then 'true' else 'false' end, f.what, f.id)
    from pgtrickle_internal.registered_files(p_tables) f
    join pgtrickle_internal.lake_tables() t on t.table_id = f.table_id
    cross join lateral (
      select case when t.is_relative then t.folder else t.data_path end as inside,
        format('moved-%s-%s', f.id, regexp_replace(f.place, '^.*/', '')) as file) p
    where not starts_with(f.place, t.data_path);
end
$$;
comment on function pgtrickle_internal.inspect_files(bigint[]) is 'Files of these lake tables that are outside of the data path.';
alter function pgtrickle_internal.inspect_files(bigint[]) owner to pgtrickle_catalog_reader;
