-- Every way from the contents as they are to a snapshot, with its cost; an impossible one with the reason instead.
create function pgtrickle_internal.possible_ways(p_id bigint, p_target bigint)
returns table (strategy text, estimated_ms numeric, reason text, snapshots text, snapshot_count integer, boundary_refresh bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  changes record;
  is_there boolean := pgtrickle_internal.snapshot_exists(p_target);
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  changes := pgtrickle_internal.source_changes(p_id, least(st.contents_snapshot, p_target), greatest(st.contents_snapshot, p_target));
  return query select 'Nothing', case when found_nothing then 0::numeric end,
      case when found_nothing then 'no source changed' when st.contents_snapshot is null then 'never populated'
        else coalesce(changes.reason, 'the sources changed') end, null::text, 0, null::bigint
    from (select st.contents_snapshot is not null
      and (st.contents_snapshot = p_target or coalesce(changes.is_readable and changes.snapshot_count = 0, false)) as found_nothing) f;
  return query select 'Delta', case when d.obstacle is null then
        pgtrickle_internal.setting('delta_base_ms') + pgtrickle_internal.setting('delta_snapshot_ms') * changes.snapshot_count end,
      coalesce(d.obstacle, format('reads the changes of %s snapshot%s', changes.snapshot_count,
        case when changes.snapshot_count = 1 then '' else 's' end)),
      changes.snapshots, changes.snapshot_count, null::bigint
    from (select case
      when st.contents_snapshot is null then 'never populated'
      when st.layout ->> 'delta' is null then coalesce(st.description #>> '{incremental,message}', 'the query is not incremental')
      when not is_there then format('snapshot %s was expired', p_target)
      when not changes.is_readable then changes.reason end as obstacle) d;
  return query select 'Recompute', case when is_there then pgtrickle_internal.recompute_cost(p_id, p_target) end,
      case when is_there then 'runs the query at the snapshot' else format('snapshot %s was expired', p_target) end,
      null::text, 0, null::bigint;
  return query select 'Journal', case when b.boundary is not null then pgtrickle_internal.setting('journal_base_ms')
        + round(pgtrickle_internal.setting('journal_thousand_rows_ms') * pgtrickle_internal.journal_rows(p_id, b.boundary) / 1000, 1) end,
      case when b.boundary is not null then 'undoes the later refreshes'
        else format('no refresh whose undo journal is kept ended at snapshot %s', p_target) end,
      null::text, 0, b.boundary
    from (select pgtrickle_internal.journal_boundary(p_id, p_target) as boundary) b;
end
$$;
comment on function pgtrickle_internal.possible_ways(bigint, bigint) is
  'Nothing, Delta, Recompute and Journal to a snapshot: estimated_ms is NULL where a way is not possible, and reason says why.';
