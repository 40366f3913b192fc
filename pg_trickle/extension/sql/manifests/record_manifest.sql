-- Writes down what a refresh has consumed. Last thing before the publication, since the lock on the lake table's row makes others
-- who refresh from the same table wait until this transaction ends.
--
-- A delta knows what it consumed file by file (p_changes since p_from). A recomputation does not: it saw what the lake showed it, so
-- the state is looked at again, and only if it is what it was before the recomputation is it the state that was consumed.
create function pgtrickle_internal.record_manifest(
  p_state pgtrickle_internal.lake_state, p_from bigint default null, p_changes pgtrickle_internal.manifest_change[] default null)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  latest pgtrickle_internal.manifests;
  state pgtrickle_internal.lake_state := p_state;
  changes pgtrickle_internal.manifest_change[] := p_changes;
  compared record;
  earlier bigint;
begin
  -- Such files hold rows, or deletions, of later snapshots: what of them was consumed cannot be told by their names.
  if p_state.later_count > 0 or p_state.damage is not null then
    return null;
  end if;
  if p_from is null then
    earlier := pgtrickle_internal.same_manifest(p_state);
    if earlier is not null then
      return earlier;
    end if;
  end if;
  insert into pgtrickle_internal.manifest_locks (table_id) values (p_state.table_id) on conflict do nothing;
  perform from pgtrickle_internal.manifest_locks l where l.table_id = p_state.table_id for update;
  select m.* into latest from pgtrickle_internal.manifests m where m.table_id = p_state.table_id order by m.id desc limit 1;
  if latest.id is null then
    state := pgtrickle_internal.read_lake_state(p_state.table_id, p_state.snapshot_id, p_state.snapshot_id, 0);
    select array_agg(row(null::pgtrickle_internal.manifest_files, f)::pgtrickle_internal.manifest_change)
      into changes from unnest(state.files) f;
  elsif p_from is distinct from latest.id then
    state := pgtrickle_internal.lake_state_since(p_state.table_id, p_state.snapshot_id, latest.id);
    compared := pgtrickle_internal.manifest_changes(latest.id, state);
    state := compared.p_state;
    changes := compared.changes;
  end if;
  if not pgtrickle_internal.is_same_state(state, p_state) then
    return null;
  end if;
  if cardinality(coalesce(changes, '{}')) = 0 and latest.snapshot_id = state.snapshot_id
      and latest.inlined_row_count = state.inlined_row_count then
    return latest.id;
  end if;
  return pgtrickle_internal.insert_manifest(state, changes);
end
$$;
comment on function pgtrickle_internal.record_manifest(pgtrickle_internal.lake_state, bigint, pgtrickle_internal.manifest_change[]) is
  'Records the state that a refresh has consumed and gives its manifest; NULL where the state cannot be told by its files, or has changed since it was read: then the next refresh recomputes.';

-- By the lake's numbers of the tables, so that those who record several follow each other in one order.
create function pgtrickle_internal.record_manifests(p_reads pgtrickle_internal.delta_reads[], p_from bigint[] default null) returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  part record;
  result bigint[];
begin
  for part in select r.state, r.changes, r.ordinality as position from unnest(p_reads) with ordinality as r order by (r.state).table_id, r.ordinality loop
    result[part.position] := pgtrickle_internal.record_manifest(part.state, p_from[part.position], part.changes);
    if result[part.position] is null then
      return null;
    end if;
  end loop;
  return result;
end
$$;
comment on function pgtrickle_internal.record_manifests(pgtrickle_internal.delta_reads[], bigint[]) is
  'record_manifest() of each source; NULL if one has none.';

-- A state that somebody has recorded already, such as that of a snapshot to which a table is put back. It must still be so: it is looked
-- at once more.
create function pgtrickle_internal.same_manifest(p_state pgtrickle_internal.lake_state) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint := (
    select max(m.id) from pgtrickle_internal.manifests m
    where m.table_id = p_state.table_id and m.snapshot_id = p_state.snapshot_id and m.file_count = p_state.file_count
      and m.file_id_sum = p_state.file_id_sum and m.delete_file_count = p_state.delete_file_count
      and m.delete_file_id_sum = p_state.delete_file_id_sum and m.record_count = p_state.record_count
      and m.deleted_count = p_state.deleted_count and m.inlined_deletion_count = p_state.inlined_deletion_count
      and m.inlined_row_count = p_state.inlined_row_count);
begin
  if v_id is not null and pgtrickle_internal.is_same_state(p_state, pgtrickle_internal.read_lake_state(
      p_state.table_id, p_state.snapshot_id, p_state.snapshot_id, 9223372036854775807)) then
    return v_id;
  end if;
  return null;
end
$$;
comment on function pgtrickle_internal.same_manifest(pgtrickle_internal.lake_state) is
  'The manifest of a state that was recorded before and is still the same; NULL: there is none.';

create function pgtrickle_internal.insert_manifest(p_state pgtrickle_internal.lake_state, p_changes pgtrickle_internal.manifest_change[])
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  insert into pgtrickle_internal.manifests (table_id, snapshot_id, next_file_id, file_count, file_id_sum, delete_file_count,
      delete_file_id_sum, record_count, deleted_count, inlined_deletion_count, inlined_row_count)
    values (p_state.table_id, p_state.snapshot_id, p_state.next_file_id, p_state.file_count, p_state.file_id_sum,
      p_state.delete_file_count, p_state.delete_file_id_sum, p_state.record_count, p_state.deleted_count,
      p_state.inlined_deletion_count, p_state.inlined_row_count)
    returning id into v_id;
  update pgtrickle_internal.manifest_files f set to_manifest = v_id
    from unnest(p_changes) c
    where f.table_id = p_state.table_id and f.data_file_id = (c.old).data_file_id and f.from_manifest = (c.old).from_manifest;
  insert into pgtrickle_internal.manifest_files (table_id, data_file_id, from_manifest, path, is_relative, begin_snapshot, record_count,
      size_bytes, first_row_id, is_dated, is_readable, delete_file_id, delete_path, is_delete_relative, delete_begin, is_delete_dated, delete_count,
      inlined_positions, inlined_snapshots)
    select p_state.table_id, (c.new).data_file_id, v_id, (c.new).path, (c.new).is_relative, (c.new).begin_snapshot,
      (c.new).record_count, (c.new).size_bytes, (c.new).first_row_id, (c.new).is_dated, (c.new).is_readable, (c.new).delete_file_id, (c.new).delete_path,
      (c.new).is_delete_relative, (c.new).delete_begin, (c.new).is_delete_dated, (c.new).delete_count,
      (c.new).inlined_positions, (c.new).inlined_snapshots
    from unnest(p_changes) c where (c.new).data_file_id is not null;
  return v_id;
end
$$;
comment on function pgtrickle_internal.insert_manifest(pgtrickle_internal.lake_state, pgtrickle_internal.manifest_change[]) is
  'A new manifest: the latest one of its lake table with these changes.';

create function pgtrickle_internal.is_same_state(p_left pgtrickle_internal.lake_state, p_right pgtrickle_internal.lake_state)
returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select (p_left.table_id, p_left.snapshot_id, p_left.file_count, p_left.file_id_sum, p_left.delete_file_count, p_left.delete_file_id_sum,
      p_left.record_count, p_left.deleted_count, p_left.inlined_deletion_count, p_left.inlined_row_count, p_left.later_count)
    is not distinct from
    (p_right.table_id, p_right.snapshot_id, p_right.file_count, p_right.file_id_sum, p_right.delete_file_count, p_right.delete_file_id_sum,
      p_right.record_count, p_right.deleted_count, p_right.inlined_deletion_count, p_right.inlined_row_count, p_right.later_count)
$$;
comment on function pgtrickle_internal.is_same_state(pgtrickle_internal.lake_state, pgtrickle_internal.lake_state) is
  'Whether two looks at a lake table at one snapshot saw the same files, deletions and rows.';

-- Manifests that no table, and no refresh that the undo journal reaches, refers to any more.
create function pgtrickle_internal.forget_manifests() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from pgtrickle_internal.manifests m
    where not exists (select from pgtrickle_internal.stream_tables s where m.id = any (s.manifest_ids))
      and not exists (
        select from pgtrickle_internal.refreshes r join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
        where r.manifest_ids @> array[m.id] and r.id >= s.journal_floor)
      -- the newest is what the next is compared with, as long as there will be a next
      and (m.id <> (select max(n.id) from pgtrickle_internal.manifests n where n.table_id = m.table_id)
        or not exists (
          select from pgtrickle_internal.manifests n join pgtrickle_internal.refreshes r on r.manifest_ids @> array[n.id]
          where n.table_id = m.table_id))
      -- somebody may be about to refer to it
      and m.recorded_at < clock_timestamp() - interval '1 hour';
  delete from pgtrickle_internal.manifest_files f
    where not exists (
      select from pgtrickle_internal.manifests m
      where m.table_id = f.table_id and m.id >= f.from_manifest and (f.to_manifest is null or m.id < f.to_manifest));
end
$$;
comment on function pgtrickle_internal.forget_manifests() is 'Deletes manifests that nothing refers to, with the files that only they had.';
