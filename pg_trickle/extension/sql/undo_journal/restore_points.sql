-- The ends of earlier refreshes that the undo journal reaches, and what it costs to get there.

create function pgtrickle_internal.restore_point(p_id bigint, p_target bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select max(r.id) from pgtrickle_internal.refreshes r
    join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
    where r.stream_table_id = p_id and r.outcome = 'Succeeded' and r.contents_after = p_target
      and r.id >= s.journal_floor);
end
$$;
comment on function pgtrickle_internal.restore_point(bigint, bigint) is
  'The last refresh after which the contents were those of that snapshot, if all later ones can be undone; else NULL.';

create function pgtrickle_internal.journal_rows(p_id bigint, p_after bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  result bigint;
begin
  execute format('select count(*) from %s where refresh_id > $1',
      (select s.layout ->> 'journal' from pgtrickle_internal.stream_tables s where s.id = p_id))
    into result using p_after;
  return result;
end
$$;
comment on function pgtrickle_internal.journal_rows(bigint, bigint) is 'Journal rows of the refreshes after this one.';

-- A restore point stands for every snapshot up to the next change of a source: between them the query gives the same.
create function pgtrickle_internal.restore_point_snapshot_id(p_id bigint, p_target bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  candidate record;
  changes record;
begin
  if pgtrickle_internal.restore_point(p_id, p_target) is not null then
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
comment on function pgtrickle_internal.restore_point_snapshot_id(bigint, bigint) is
  'Snapshot of a restore point at which the rows were those of the target, and which the journal can reach; else NULL.';
