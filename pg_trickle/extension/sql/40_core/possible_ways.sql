-- Every way from the contents as they are to a snapshot, with its cost; an impossible one with the reason instead.
create function pgtrickle_internal.possible_ways(
  p_id bigint, p_target bigint, p_strategies text[] default array['Nothing', 'Delta', 'Recompute', 'Journal'])
returns table (strategy text, estimated_ms numeric, reason text, snapshot_count integer, boundary_refresh bigint,
  reads pgtrickle_internal.delta_reads)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  changes record;
  v_reads pgtrickle_internal.delta_reads;
  is_there boolean := pgtrickle_internal.snapshot_exists(p_target);
  obstacle text;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  if p_strategies && array['Nothing', 'Delta'] then
    changes := pgtrickle_internal.source_changes(p_id, least(st.contents_snapshot, p_target), greatest(st.contents_snapshot, p_target));
    -- Looking for differences costs: where no delta is asked for, only to confirm that there is none.
    if 'Delta' = any (p_strategies) or changes.snapshot_count = 0 and st.contents_snapshot <> p_target then
      v_reads := pgtrickle_internal.possible_reads(st, p_target);
    end if;
  end if;
  if 'Nothing' = any (p_strategies) then
    obstacle := case when st.contents_snapshot is null then 'never populated' when st.contents_snapshot <> p_target then
      coalesce(changes.reason, case when changes.snapshot_count > 0 then 'the sources changed' end, pgtrickle_internal.unlisted_change(st, v_reads)) end;
    return query select 'Nothing', case when obstacle is null then 0::numeric end, coalesce(obstacle, 'no source changed'), 0, null::bigint, v_reads;
  end if;
  if 'Delta' = any (p_strategies) then
    obstacle := case
      when st.contents_snapshot is null then 'never populated'
      when st.layout ->> 'delta' is null then coalesce(st.description #>> '{incremental,message}', 'the query is not incremental')
      when not is_there then format('snapshot %s was expired', p_target)
      else v_reads.obstacle end;
    return query select 'Delta', case when obstacle is null then pgtrickle_internal.delta_cost(v_reads) end,
      coalesce(obstacle, pgtrickle_internal.delta_reason(v_reads)), coalesce(changes.snapshot_count, 0), null::bigint, v_reads;
  end if;
  if 'Recompute' = any (p_strategies) then
    return query select 'Recompute', case when is_there then pgtrickle_internal.recompute_cost(p_id, p_target) end,
        case when is_there then 'runs the query at the snapshot' else format('snapshot %s was expired', p_target) end,
        0, null::bigint, v_reads;
  end if;
  if 'Journal' = any (p_strategies) then
    return query select 'Journal', case when b.boundary is not null then pgtrickle_internal.setting('journal_base_ms')
          + round(pgtrickle_internal.setting('journal_thousand_rows_ms') * pgtrickle_internal.journal_rows(p_id, b.boundary) / 1000, 1) end,
        case when b.boundary is not null then 'undoes the later refreshes'
          else format('no refresh whose undo journal is kept ended at snapshot %s', p_target) end,
        0, b.boundary, v_reads
      from (select pgtrickle_internal.journal_boundary(p_id, p_target) as boundary) b;
  end if;
end
$$;
comment on function pgtrickle_internal.possible_ways(bigint, bigint, text[]) is
  'Nothing, Delta, Recompute and Journal to a snapshot: estimated_ms is NULL where a way is not possible, and reason says why. p_strategies: those that are given.';
