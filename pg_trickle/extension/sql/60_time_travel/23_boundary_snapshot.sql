-- A refresh boundary stands for every snapshot up to the next change of a source: between them the query gives the same.
create function pgtrickle_internal.boundary_snapshot(p_id bigint, p_target bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  candidate record;
  changes record;
begin
  if pgtrickle_internal.journal_boundary(p_id, p_target) is not null then
    return p_target;
  end if;
  for candidate in
    select max(r.contents_after) filter (where r.contents_after < p_target) as snapshot_id,
      min(r.contents_after) filter (where r.contents_after > p_target) as next_id
    from pgtrickle_internal.refreshes r
    join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
    where r.stream_table_id = p_id and r.outcome = 'Succeeded' and r.id >= s.journal_floor
  loop
    if candidate.snapshot_id is not null then
      changes := pgtrickle_internal.source_changes(p_id, candidate.snapshot_id, p_target);
      if changes.is_readable and changes.snapshot_count = 0 then
        return candidate.snapshot_id;
      end if;
    end if;
    if candidate.next_id is not null then
      changes := pgtrickle_internal.source_changes(p_id, p_target, candidate.next_id);
      if changes.is_readable and changes.snapshot_count = 0 then
        return candidate.next_id;
      end if;
    end if;
  end loop;
  return null;
end
$$;
comment on function pgtrickle_internal.boundary_snapshot(bigint, bigint) is
  'Snapshot of a refresh boundary at which the rows were those of the target, and which the journal can reach; else NULL.';
