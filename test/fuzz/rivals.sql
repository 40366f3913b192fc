-- What a client sends that writes the lake's catalog by itself, in one transaction each; called in the role of the catalog.
create schema rivals;
grant usage on schema rivals to pgtrickle_catalog;

create function rivals.next_snapshot() returns bigint
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into ducklake.ducklake_snapshot
    select s.snapshot_id + 1, now(), s.schema_version, s.next_catalog_id, s.next_file_id + 1
    from ducklake.ducklake_snapshot s order by s.snapshot_id desc limit 1
  returning snapshot_id;
$$;
comment on function rivals.next_snapshot() is 'Begins a commit as DuckLake does.';

create function rivals.newest_file(p_table text) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select max(d.data_file_id) from ducklake.ducklake_data_file d join ducklake.ducklake_table t using (table_id)
  where t.table_name = p_table and t.end_snapshot is null and d.end_snapshot is null;
end;
comment on function rivals.newest_file(text) is 'The live data file that was written last.';

create function rivals.delete_from(p_table text, p_data_file bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_snapshot bigint := rivals.next_snapshot();
  v_table bigint;
begin
  select t.table_id into v_table from ducklake.ducklake_table t where t.table_name = p_table and t.end_snapshot is null;
  insert into ducklake.ducklake_delete_file
    (delete_file_id, table_id, begin_snapshot, data_file_id, path, path_is_relative, format, delete_count, file_size_bytes, footer_size)
    select s.next_file_id - 1, v_table, v_snapshot, p_data_file, 'rivals-delete.parquet', true, 'parquet', 40, 1, 1
    from ducklake.ducklake_snapshot s where s.snapshot_id = v_snapshot;
  insert into ducklake.ducklake_snapshot_changes (snapshot_id, changes_made)
    values (v_snapshot, format('deleted_from_table:%s', v_table));
end
$$;
comment on function rivals.delete_from(text, bigint) is 'A deletion from a data file, whatever has become of that file.';

create function rivals.write_changes(p_changes text) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into ducklake.ducklake_snapshot_changes (snapshot_id, changes_made) values (rivals.next_snapshot(), p_changes);
$$;
comment on function rivals.write_changes(text) is 'A commit that says of itself what one likes.';
