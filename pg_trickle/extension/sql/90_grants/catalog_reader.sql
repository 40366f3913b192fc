-- What reads the lake's catalog runs with the rights of a role that has no others: the catalog's owner may attach code to
-- its tables (a view in the place of one, an index on an expression), and PostgreSQL runs that as whoever reads. Each but
-- the last reads in a subtransaction that is always rolled back: what such code does to the session goes with it.
grant usage on schema pgtrickle_internal to pgtrickle_catalog_reader;
grant execute on function pgtrickle_internal.check_catalog(), pgtrickle_internal.check_plain_snapshots(),
  pgtrickle_internal.inlined_rows_sql(bigint[]) to pgtrickle_catalog_reader;
do $$
declare
  reader text;
begin
  foreach reader in array array[
    'lake_head()', 'lake_version()', 'lake_data_path()', 'lake_oldest()', 'lake_oldest_time()', 'snapshot_exists(bigint)', 'lake_has_hole(bigint, bigint)',
    'nearest_snapshots(bigint)', 'lake_snapshot_at(timestamptz)', 'lake_marked_snapshot(text, bigint)',
    'lake_table_at(text, text, bigint)', 'lake_table_ids(text, text)', 'lake_table_size(bigint, bigint)',
    'lake_columns(bigint)', 'lake_column_spans(text, text)', 'snapshot_changes(bigint, bigint)', 'lake_commits(bigint[])', 'lake_table_rows(bigint[])',
    'read_inlined(bigint, bigint, bigint)', 'read_lake_files(bigint, bigint, bigint, pgtrickle_internal.lake_inlined)', 'lake_ended_files(bigint[])', 'lake_column_ids(bigint, bigint)',
    'lake_tables()', 'registered_files(bigint[])', 'expiry_text(bigint, bigint)', 'inspect_changes()', 'inspect_cleanup()', 'inspect_files(bigint[])', 'inspect_deletions(bigint[])',
    'inspect_inlined_deletions(bigint[])', 'inspect_deleted_twice(bigint[])', 'lock_snapshot(bigint)']
  loop
    execute pg_catalog.format('alter function pgtrickle_internal.%s owner to pgtrickle_catalog_reader', reader);
  end loop;
end
$$;
