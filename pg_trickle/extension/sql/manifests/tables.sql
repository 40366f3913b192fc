-- What was consumed of a lake table: which data files, and of each which rows were deleted. DuckLake's change feed, and even the
-- past that it shows, may change afterwards (a deletion dated to somebody else's commit, a flush, a merge), so a delta does not
-- ask what happened between two snapshots: it compares the state that a stream table holds, as recorded here, with the state now.
--
-- A manifest is shared by all stream tables that consumed the same state, and kept as differences: a file's row is valid for the
-- manifests from_manifest <= id < to_manifest, in the order in which they were recorded, whatever their snapshots are.
create table pgtrickle_internal.manifests (
  id bigint generated always as identity,
  table_id bigint not null,
  snapshot_id bigint not null,
  next_file_id bigint not null,
  file_count bigint not null,
  file_id_sum numeric not null,
  delete_file_count bigint not null,
  delete_file_id_sum numeric not null,
  record_count bigint not null,
  deleted_count bigint not null,
  inlined_deletion_count bigint not null,
  inlined_row_count bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint manifests_pkey primary key (id)
);
comment on table pgtrickle_internal.manifests is
  'States of lake tables that were consumed by refreshes. The sums tell whether files have come or gone without comparing each; live rows are record_count - deleted_count - inlined_deletion_count + inlined_row_count.';
create index manifests_by_table on pgtrickle_internal.manifests (table_id, id);

create table pgtrickle_internal.manifest_files (
  table_id bigint not null,
  data_file_id bigint not null,
  from_manifest bigint not null,
  to_manifest bigint,
  path text not null,
  is_relative boolean not null,
  begin_snapshot bigint not null,
  record_count bigint not null,
  size_bytes bigint not null,
  first_row_id bigint,
  is_dated boolean not null,
  is_readable boolean not null,
  delete_file_id bigint,
  delete_path text,
  is_delete_relative boolean,
  delete_begin bigint,
  is_delete_dated boolean,
  delete_count bigint not null,
  inlined_positions bigint[] not null,
  inlined_snapshots bigint[] not null,
  constraint manifest_files_pkey primary key (table_id, data_file_id, from_manifest)
);
comment on table pgtrickle_internal.manifest_files is
  'Data files of the manifests with their deletions: a delete file, which never changes, and positions that the catalog held itself. is_dated: the file says of each row (position) which snapshot put it there.';
create index manifest_files_latest on pgtrickle_internal.manifest_files (table_id, data_file_id) where to_manifest is null;

-- Makes those who record manifests of one lake table follow each other.
create table pgtrickle_internal.manifest_locks (
  table_id bigint not null,
  constraint manifest_locks_pkey primary key (table_id)
);
comment on table pgtrickle_internal.manifest_locks is 'One row a lake table: locked by whoever records a manifest of it, until the end of its transaction.';

select pg_catalog.pg_extension_config_dump('pgtrickle_internal.manifests', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.manifest_files', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.manifest_locks', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.manifests_id_seq', '');

-- A data file that is live at a snapshot, with its deletions there. is_readable: its rows can be read by column id, as DuckLake wrote them.
create type pgtrickle_internal.lake_file as (
  data_file_id bigint, path text, is_relative boolean, begin_snapshot bigint, record_count bigint, size_bytes bigint, first_row_id bigint, is_dated boolean,
  delete_file_id bigint, delete_path text, is_delete_relative boolean, delete_begin bigint, is_delete_dated boolean, delete_count bigint,
  inlined_positions bigint[], inlined_snapshots bigint[], is_readable boolean);
comment on type pgtrickle_internal.lake_file is 'A live data file of a lake table with what is deleted from it.';

create type pgtrickle_internal.lake_inlined as (
  is_used boolean, row_count bigint, since_count bigint, file_ids bigint[], positions bigint[], snapshots bigint[]);
comment on type pgtrickle_internal.lake_inlined is 'Rows (how many) and deletions (file, position, snapshot) of a lake table that the catalog itself holds.';

create type pgtrickle_internal.lake_state as (
  table_id bigint, snapshot_id bigint, head bigint, next_file_id bigint,
  file_count bigint, file_id_sum numeric, delete_file_count bigint, delete_file_id_sum numeric,
  record_count bigint, deleted_count bigint, inlined_deletion_count bigint, inlined_row_count bigint,
  inlined_since_count bigint, later_count bigint, damage text, files pgtrickle_internal.lake_file[]);
comment on type pgtrickle_internal.lake_state is
  'A lake table at a snapshot, in one look at the catalog: sums over its live files, and the files themselves or only those that may be new. inlined_since_count: rows of an earlier snapshot that the catalog still holds itself. later_count: files that also hold rows or deletions of later snapshots.';

create type pgtrickle_internal.manifest_change as (
  old pgtrickle_internal.manifest_files, new pgtrickle_internal.lake_file);
comment on type pgtrickle_internal.manifest_change is 'A data file as a manifest has it (NULL: not there) and as the lake has it (NULL: no longer there).';

create type pgtrickle_internal.delta_reads as (
  obstacle text, reads text, state pgtrickle_internal.lake_state, changes pgtrickle_internal.manifest_change[],
  file_count bigint, row_count bigint, merged_row_count bigint);
comment on type pgtrickle_internal.delta_reads is
  'How a delta reads a lake table: obstacle (NULL: possible), the document for the engine, what will be recorded as consumed, and how many files and rows it looks at.';
