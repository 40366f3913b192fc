-- What loses or doubles rows and cannot be repaired in the catalog. The client gets an error within a tenth of a second, its
-- transaction is undone, and the same work succeeds when it is run again.

create function pgtrickle_guard.refuse(p_what text, p_hint text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'pgtrickle guard: %', p_what using errcode = 'TR040', hint = p_hint;
end
$$;
comment on function pgtrickle_guard.refuse(text, text) is 'TR040. The words DuckLake goes by must not be in the text, see turn.sql.';
grant execute on function pgtrickle_guard.refuse(text, text) to pgtrickle_catalog_reader;

-- A small deletion beside a merge or rewrite: DuckLake lets both through, and the deletion is lost with the old file.
create function pgtrickle_guard.check_inlined_deletions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_commit bigint := nullif(current_setting('pgtrickle_guard.commit', true), '')::bigint;
  v_file bigint;
begin
  select min(i.file_id) into v_file from added i
    where not exists (
      select from ducklake.ducklake_data_file d
      where d.data_file_id = i.file_id and (d.end_snapshot is null or d.end_snapshot = v_commit));
  if v_file is not null then
    perform pgtrickle_guard.refuse(
      format('rows of data file %s of table %s cannot be deleted: another client has merged, rewritten or emptied that file meanwhile', v_file,
        substring(tg_table_name from '\d+$')),
      'Nothing was changed. Run the transaction again.');
  end if;
  return null;
end
$$;
comment on function pgtrickle_guard.check_inlined_deletions() is 'Trigger after inlined deletions: refuses those from a data file that is retired.';
alter function pgtrickle_guard.check_inlined_deletions() owner to pgtrickle_catalog_reader;

-- The same in the other order: a merge removes the rows of files that are live.
create function pgtrickle_guard.check_merged_files() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_table bigint;
  v_inlined regclass;
  v_file bigint;
begin
  for v_table in select distinct g.table_id from gone g where g.end_snapshot is null loop
    v_inlined := to_regclass(format('ducklake.ducklake_inlined_delete_%s', v_table));
    continue when v_inlined is null;
    execute format('select min(i.file_id) from %s i where i.file_id in (select g.data_file_id from gone g where g.end_snapshot is null)',
      v_inlined) into v_file;
    if v_file is not null then
      perform pgtrickle_guard.refuse(
        format('merging data file %s of table %s would lose a deletion that was committed meanwhile', v_file, v_table),
        'Nothing was changed. Run the merge again.');
    end if;
  end loop;
  return null;
end
$$;
comment on function pgtrickle_guard.check_merged_files() is 'Trigger after data files were removed: refuses a merge that would lose an inlined deletion.';
alter function pgtrickle_guard.check_merged_files() owner to pgtrickle_catalog_reader;

-- ducklake_transaction_changes.cpp reads this list; what it cannot read stops snapshots() and every commit that looks back.
create function pgtrickle_guard.is_readable(p_changes text) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select p_changes ~* ('^$|^(((created_(table|view|scalar_macro|table_macro):"([^"]|"")*"\."([^"]|"")*"|created_schema:"([^"]|"")*"'
    || '|(dropped_schema|dropped_table|dropped_view|dropped_scalar_macro|dropped_table_macro|inserted_into_table|deleted_from_table'
    || '|compacted_table|merge_adjacent|rewrite_delete|inlined_insert|inlined_delete|flushed_inlined|inline_flush|altered_table'
    || '|altered_view):\d+)(,(?!$)|$))+)$');
end;
comment on function pgtrickle_guard.is_readable(text) is 'Whether DuckLake can read such a list of the changes of a snapshot.';
grant execute on function pgtrickle_guard.is_readable(text) to pgtrickle_catalog_reader;

-- The last statement of each commit.
create function pgtrickle_guard.check_changes() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_table bigint;
begin
  if not pgtrickle_guard.is_readable(new.changes_made) then
    perform pgtrickle_guard.refuse(
      format('snapshot %s has a list of changes that DuckLake cannot read: %s', new.snapshot_id, left(new.changes_made, 200)),
      'Nothing was changed. This client is not made for this version of DuckLake.');
  end if;
  if position('rewrite_delete:' in new.changes_made) > 0 then
    for v_table in select (m.parts)[1]::bigint from regexp_matches(new.changes_made, '(?:^|,)rewrite_delete:(\d+)', 'g') m (parts) loop
      -- What the same transaction did besides cannot be told apart from the rewrite.
      if new.changes_made !~ format('(inserted_into_table|deleted_from_table|inlined_delete|inline_flush):%s(,|$)', v_table) then
        perform pgtrickle_guard.check_rewrite(v_table, new.snapshot_id);
      end if;
    end loop;
  end if;
  return null;
end
$$;
comment on function pgtrickle_guard.check_changes() is
  'Trigger after the changes of a commit: refuses what DuckLake cannot read, and a rewrite that changes rows.';
alter function pgtrickle_guard.check_changes() owner to pgtrickle_catalog_reader;

create function pgtrickle_guard.check_rewrite(p_table bigint, p_commit bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_inlined regclass := to_regclass(format('ducklake.ducklake_inlined_delete_%s', p_table));
  v_deleted bigint := 0;
  v_before numeric;
  v_after numeric;
begin
  select sum(d.record_count - coalesce(x.delete_count, 0)) into v_before
    from ducklake.ducklake_data_file d
    left join lateral (
      select f.delete_count from ducklake.ducklake_delete_file f
      where f.data_file_id = d.data_file_id and (f.end_snapshot is null or f.end_snapshot = p_commit)) x on true
    where d.table_id = p_table and d.end_snapshot = p_commit;
  if v_inlined is not null then
    execute format('select count(*) from %s i join ducklake.ducklake_data_file d on d.data_file_id = i.file_id and d.end_snapshot = $1',
      v_inlined) into v_deleted using p_commit;
  end if;
  select coalesce(sum(d.record_count), 0) into v_after from ducklake.ducklake_data_file d
    where d.table_id = p_table and d.begin_snapshot = p_commit and d.end_snapshot is null;
  if v_before - v_deleted <> v_after then
    perform pgtrickle_guard.refuse(
      format('rewriting table %s would make %s rows of %s: another client has deleted some meanwhile', p_table, v_after, v_before - v_deleted),
      'Nothing was changed. Run the rewrite again.');
  end if;
end
$$;
comment on function pgtrickle_guard.check_rewrite(bigint, bigint) is 'TR040 if the files that a rewrite retires do not have as many rows as the new ones.';
alter function pgtrickle_guard.check_rewrite(bigint, bigint) owner to pgtrickle_catalog_reader;
