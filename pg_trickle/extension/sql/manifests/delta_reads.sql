-- What a delta has to read: the difference of two states as a document for the engine, with what it costs or why it is not possible.
--
-- A file that came brings its rows, one that went takes them away, positions that were deleted in one state and not in the other are
-- fetched by file and position. Files that a merge or a flush made hold rows that were consumed already: each row there says which
-- snapshot put it there, and as many as were consumed from what is gone must be of the manifest's snapshot or an earlier one.
create function pgtrickle_internal.delta_reads(p_manifest bigint, p_lake_table text, p_table_id bigint, p_target bigint)
returns pgtrickle_internal.delta_reads
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known pgtrickle_internal.manifests;
  result pgtrickle_internal.delta_reads;
  compared record;
begin
  select m.* into known from pgtrickle_internal.manifests m where m.id = p_manifest;
  if known.id is null then
    result.obstacle := 'what was consumed was not recorded file by file: it is recomputed once';
    return result;
  end if;
  compared := pgtrickle_internal.manifest_changes(p_manifest, pgtrickle_internal.lake_state_since(p_table_id, p_target, p_manifest));
  return pgtrickle_internal.delta_document(known, p_lake_table, compared.p_state, compared.changes);
end
$$;
comment on function pgtrickle_internal.delta_reads(bigint, text, bigint, bigint) is
  'What a delta from a manifest to a snapshot has to read.';

create function pgtrickle_internal.delta_document(
  p_known pgtrickle_internal.manifests, p_lake_table text, p_state pgtrickle_internal.lake_state,
  p_changes pgtrickle_internal.manifest_change[]) returns pgtrickle_internal.delta_reads
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  result pgtrickle_internal.delta_reads;
  still_listed bigint[] := pgtrickle_internal.lake_ended_files(array(
    select (c.old).data_file_id from unnest(p_changes) c where (c.new).data_file_id is null));
  gone_rows bigint := (
    select coalesce(sum((c.old).record_count - (c.old).delete_count - cardinality((c.old).inlined_positions)), 0)
    from unnest(p_changes) c where (c.new).data_file_id is null and (c.old).data_file_id <> all (still_listed));
  gone_inlined bigint := p_known.inlined_row_count - p_state.inlined_since_count;
  files jsonb;
begin
  result.state := p_state;
  result.changes := p_changes;
  result.obstacle := pgtrickle_internal.delta_obstacle(p_known, p_state, p_changes, gone_rows, gone_inlined);
  if result.obstacle is not null then
    return result;
  end if;
  select coalesce(jsonb_agg(pgtrickle_internal.delta_file(c, p_known.snapshot_id, p_state.snapshot_id)) filter (
      where not ((c.new).data_file_id is null and (c.old).data_file_id <> all (still_listed))), '[]')
    into files from unnest(p_changes) c;
  select count(*), coalesce(sum((f ->> 'rows')::bigint) filter (where f ->> 'kind' in ('added', 'removed')), 0)
      + coalesce(sum((f #>> '{new,count}')::bigint + jsonb_array_length(f #> '{new,positions}')) filter (where f ->> 'kind' = 'changed'), 0),
      coalesce(sum((f ->> 'rows')::bigint) filter (where f ->> 'kind' = 'since'), 0)
    into result.file_count, result.row_count, result.merged_row_count from jsonb_array_elements(files) f;
  result.row_count := result.row_count + p_state.inlined_row_count + p_state.inlined_since_count;
  result.reads := jsonb_build_object('table', p_lake_table, 'files', files,
    'columns', pgtrickle_internal.lake_column_ids(p_state.table_id, p_state.snapshot_id),
    'since', p_known.snapshot_id, 'consumed', gone_rows + gone_inlined,
    'inlined', case when p_state.inlined_row_count + p_state.inlined_since_count > 0 then jsonb_build_object(
      'old', p_known.snapshot_id, 'old_rows', p_state.inlined_since_count,
      'new', p_state.snapshot_id, 'new_rows', p_state.inlined_row_count) end)::text;
  return result;
end
$$;
comment on function pgtrickle_internal.delta_document(pgtrickle_internal.manifests, text, pgtrickle_internal.lake_state, pgtrickle_internal.manifest_change[]) is
  'The document for the engine about the difference of two states of a lake table.';

create function pgtrickle_internal.delta_obstacle(
  p_known pgtrickle_internal.manifests, p_state pgtrickle_internal.lake_state, p_changes pgtrickle_internal.manifest_change[],
  p_gone_rows bigint, p_gone_inlined bigint) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_state.damage is not null then p_state.damage
    when p_state.later_count > 0 then format('%s files were merged with later snapshots', p_state.later_count)
    when exists (select from unnest(p_changes) c where not coalesce((c.new).is_readable, (c.old).is_readable)) then
      'a file that was added as it is, or is encrypted, changed'
    when exists (select from unnest(p_changes) c
        where pgtrickle_internal.delta_kind(c, p_known.snapshot_id, p_state.snapshot_id) is null) then
      'a file came that is of an earlier snapshot and does not say which rows are new'
    when p_gone_rows + p_gone_inlined > 0 and not exists (
        select from unnest(p_changes) c
        where pgtrickle_internal.delta_kind(c, p_known.snapshot_id, p_state.snapshot_id) = 'since') then
      'files with rows that were consumed are gone'
    when p_gone_inlined < 0 then 'rows that the catalog holds itself have changed before the snapshot that was consumed'
    when p_state.inlined_since_count > 0 and not pgtrickle_internal.snapshot_exists(p_known.snapshot_id) then
      format('snapshot %s was expired', p_known.snapshot_id)
  end;
end
$$;
comment on function pgtrickle_internal.delta_obstacle(pgtrickle_internal.manifests, pgtrickle_internal.lake_state, pgtrickle_internal.manifest_change[], bigint, bigint) is
  'Why the difference of two states cannot be read file by file, or NULL.';

-- The same from a snapshot instead of a manifest, by the dates in the catalog: for people who look, not for refreshes.
create function pgtrickle_internal.dated_reads(p_lake_table text, p_table_id bigint, p_from bigint, p_target bigint)
returns pgtrickle_internal.delta_reads
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  old pgtrickle_internal.lake_state := pgtrickle_internal.read_lake_state(p_table_id, p_from, p_from, 0);
  new pgtrickle_internal.lake_state := pgtrickle_internal.read_lake_state(p_table_id, p_target, p_from, 0);
  known pgtrickle_internal.manifests;
  result pgtrickle_internal.delta_reads;
begin
  if old.later_count > 0 then
    result.obstacle := format('%s files of snapshot %s were merged with later ones', old.later_count, p_from);
    return result;
  end if;
  known.snapshot_id := p_from;
  known.inlined_row_count := old.inlined_row_count;
  return pgtrickle_internal.delta_document(known, p_lake_table, new, array(
    select row(case when (o).data_file_id is not null then row(p_table_id, (o).data_file_id, 0, null, (o).path, (o).is_relative,
        (o).begin_snapshot, (o).record_count, (o).size_bytes, (o).first_row_id, (o).is_dated, (o).is_readable, (o).delete_file_id,
        (o).delete_path, (o).is_delete_relative, (o).delete_begin, (o).is_delete_dated, (o).delete_count, (o).inlined_positions,
        (o).inlined_snapshots)::pgtrickle_internal.manifest_files end, n)::pgtrickle_internal.manifest_change
    from unnest(old.files) o full join unnest(new.files) n on (n).data_file_id = (o).data_file_id
    where (o).data_file_id is null or (n).data_file_id is null
      or (o).delete_file_id is distinct from (n).delete_file_id or (o).inlined_positions <> (n).inlined_positions));
end
$$;
comment on function pgtrickle_internal.dated_reads(text, bigint, bigint, bigint) is
  'What has to be read of the difference between two snapshots of a lake table, by the dates in its catalog.';

-- Backwards no file holds what was consumed together with something new.
create function pgtrickle_internal.delta_kind(
  p_change pgtrickle_internal.manifest_change, p_since bigint, p_target bigint) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when (p_change.new).data_file_id is null then 'removed'
    when (p_change.old).data_file_id is not null then 'changed'
    when p_target < p_since or (p_change.new).begin_snapshot > p_since then 'added'
    when (p_change.new).is_dated then 'since' end
$$;
comment on function pgtrickle_internal.delta_kind(pgtrickle_internal.manifest_change, bigint, bigint) is
  'How a delta reads one file: added, removed, changed (other deletions), or since (made by a merge or flush of what was there too); NULL: not at all.';

-- One file of the document. Deletions: the delete file, with how many positions it must have, and positions from the catalog, each
-- with the snapshot that deleted it.
create function pgtrickle_internal.delta_file(
  p_change pgtrickle_internal.manifest_change, p_since bigint, p_target bigint) returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  old pgtrickle_internal.manifest_files := p_change.old;
  new pgtrickle_internal.lake_file := p_change.new;
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'kind', pgtrickle_internal.delta_kind(p_change, p_since, p_target),
    'path', coalesce(new.path, old.path), 'relative', coalesce(new.is_relative, old.is_relative),
    'rows', coalesce(new.record_count, old.record_count), 'bytes', coalesce(new.size_bytes, old.size_bytes),
    'first_row_id', coalesce(new.first_row_id, old.first_row_id), 'dated', coalesce(new.is_dated, old.is_dated), 'begin', coalesce(new.begin_snapshot, old.begin_snapshot),
    'old', case when old.data_file_id is not null then jsonb_build_object('path', old.delete_path, 'relative', old.is_delete_relative,
      'count', old.delete_count, 'begin', old.delete_begin, 'dated', old.is_delete_dated,
      'positions', to_jsonb(old.inlined_positions), 'snapshots', to_jsonb(old.inlined_snapshots)) end,
    'new', case when new.data_file_id is not null then jsonb_build_object('path', new.delete_path, 'relative', new.is_delete_relative,
      'count', new.delete_count, 'begin', new.delete_begin, 'dated', new.is_delete_dated,
      'positions', to_jsonb(new.inlined_positions), 'snapshots', to_jsonb(new.inlined_snapshots)) end));
end
$$;
comment on function pgtrickle_internal.delta_file(pgtrickle_internal.manifest_change, bigint, bigint) is
  'One file of the document of a delta.';
