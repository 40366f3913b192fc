-- What differs between a manifest and a state: pairs of the file as it was consumed and as it is now.
create function pgtrickle_internal.manifest_file_differs(p_old pgtrickle_internal.manifest_files, p_new pgtrickle_internal.lake_file)
returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select p_old.delete_file_id is distinct from p_new.delete_file_id or p_old.inlined_positions <> p_new.inlined_positions
    or p_old.record_count <> p_new.record_count
$$;
comment on function pgtrickle_internal.manifest_file_differs(pgtrickle_internal.manifest_files, pgtrickle_internal.lake_file) is
  'Whether rows of a file were deleted, or are no longer, since a manifest. Delete files never change: another one has another id.';

-- Comparing every file costs in proportion to their number. So first only what can be new is taken, and the sums must then agree to
-- the last file: they do unless something has left the lake. Then p_state is read again, with all files.
create function pgtrickle_internal.manifest_changes(
  p_manifest bigint, inout p_state pgtrickle_internal.lake_state, out changes pgtrickle_internal.manifest_change[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known pgtrickle_internal.manifests;
  agrees boolean;
begin
  select m.* into known from pgtrickle_internal.manifests m where m.id = p_manifest;
  with fresh as materialized (select f as file, (f).data_file_id as data_file_id from unnest(p_state.files) f),
  olds as materialized (
    -- Looked up file by file: a join would rather read the whole manifest.
    select l.o from fresh f cross join lateral (
      select o from pgtrickle_internal.manifest_files o
      where o.table_id = p_state.table_id and o.data_file_id = f.data_file_id
        and o.from_manifest <= p_manifest and (o.to_manifest is null or o.to_manifest > p_manifest) limit 1) l),
  sums as (
    select known.file_count - (select count(*) from olds) + (select count(*) from fresh) = p_state.file_count
      and known.file_id_sum - (select coalesce(sum((x.o).data_file_id), 0) from olds x)
        + (select coalesce(sum(f.data_file_id), 0) from fresh f) = p_state.file_id_sum
      and known.delete_file_id_sum - (select coalesce(sum((x.o).delete_file_id), 0) from olds x)
        + (select coalesce(sum((f.file).delete_file_id), 0) from fresh f) = p_state.delete_file_id_sum
      and known.record_count - (select coalesce(sum((x.o).record_count), 0) from olds x)
        + (select coalesce(sum((f.file).record_count), 0) from fresh f) = p_state.record_count
      and known.deleted_count - (select coalesce(sum((x.o).delete_count), 0) from olds x)
        + (select coalesce(sum((f.file).delete_count), 0) from fresh f) = p_state.deleted_count
      and known.inlined_deletion_count - (select coalesce(sum(cardinality((x.o).inlined_positions)), 0) from olds x)
        + (select coalesce(sum(cardinality((f.file).inlined_positions)), 0) from fresh f) = p_state.inlined_deletion_count as agrees)
  select s.agrees, array(
      select row(x.o, f.file)::pgtrickle_internal.manifest_change
      from fresh f left join olds x on (x.o).data_file_id = f.data_file_id
      where (x.o).data_file_id is null or pgtrickle_internal.manifest_file_differs(x.o, f.file))
    into agrees, changes from sums s;
  if agrees then
    return;
  end if;
  p_state := pgtrickle_internal.read_lake_state(p_state.table_id, p_state.snapshot_id, known.snapshot_id, 0);
  changes := array(
    select row(o, f)::pgtrickle_internal.manifest_change
    from (
      select m as o from pgtrickle_internal.manifest_files m
      where m.table_id = p_state.table_id and m.from_manifest <= p_manifest and (m.to_manifest is null or m.to_manifest > p_manifest)) x
    full join unnest(p_state.files) f on (f).data_file_id = (x.o).data_file_id
    where (x.o).data_file_id is null or (f).data_file_id is null or pgtrickle_internal.manifest_file_differs(x.o, f));
end
$$;
comment on function pgtrickle_internal.manifest_changes(bigint, pgtrickle_internal.lake_state) is
  'The files that differ between a manifest and a state of the same lake table; the state comes back with all files where that was needed.';

-- The state of a lake table at a snapshot, ready to be compared with a manifest.
create function pgtrickle_internal.lake_state_since(p_table_id bigint, p_snapshot bigint, p_manifest bigint)
returns pgtrickle_internal.lake_state
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known pgtrickle_internal.manifests;
begin
  select m.* into known from pgtrickle_internal.manifests m where m.id = p_manifest;
  return pgtrickle_internal.read_lake_state(p_table_id, p_snapshot, coalesce(known.snapshot_id, p_snapshot),
    coalesce(known.next_file_id, 0));
end
$$;
comment on function pgtrickle_internal.lake_state_since(bigint, bigint, bigint) is
  'A lake table at a snapshot with the files that are new since a manifest (NULL: all).';
