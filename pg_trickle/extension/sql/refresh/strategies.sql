-- The strategies by which the rows get to a snapshot: which there are, what each costs, and the one that is taken.

create function pgtrickle_internal.allowed_strategies(p_id bigint, p_target bigint, p_strategy text) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st record;
begin
  select s.mode, s.contents_snapshot into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  return case p_strategy
    when 'Full' then array['Full']
    when 'Delta' then array['Nothing', 'Delta']
    when 'Journal' then array['Nothing', 'Journal']
    when 'Auto' then array['Nothing', 'Full']
      || case when st.mode <> 'FULL' then array['Delta'] else '{}' end
      -- Forwards, the journal could only repeat what an undone rewind took away.
      || case when p_target < st.contents_snapshot then array['Journal'] else '{}' end
  end;
end
$$;
comment on function pgtrickle_internal.allowed_strategies(bigint, bigint, text) is 'The strategies that one may choose from: all that Auto does, or the one that was asked for.';

create function pgtrickle_internal.recompute_cost(p_id bigint, p_snapshot bigint) returns numeric
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  size record := pgtrickle_internal.source_size(p_id, p_snapshot);
  runs_here boolean := (select s.layout ->> 'recompute' is null from pgtrickle_internal.stream_tables s where s.id = p_id);
  result_rows numeric := (
    select greatest(c.reltuples, 0)::numeric
    from pgtrickle_internal.stream_tables s join pg_class c on c.oid = s.relid where s.id = p_id);
begin
  return round(pgtrickle_internal.setting('recompute_base_ms')
    + size.rows / 1000000 * pgtrickle_internal.setting(case when runs_here then 'leaf_million_rows_ms' else 'recompute_million_rows_ms' end)
    + size.files * pgtrickle_internal.setting('recompute_file_ms')
    + result_rows / 1000 * pgtrickle_internal.setting('recompute_thousand_groups_ms'), 1);
end
$$;
comment on function pgtrickle_internal.recompute_cost(bigint, bigint) is 'Estimated milliseconds of a recomputation at a snapshot.';

-- A query that is kept part by part reads the parts that changes touch, and computes them twice. How many parts there are is not known:
-- of groups and of DISTINCT about as many as public rows, of a join about as many as its smallest table has rows.
create function pgtrickle_internal.part_cost(
  p_st pgtrickle_internal.stream_tables, p_reads pgtrickle_internal.delta_reads, p_snapshot bigint) returns numeric
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  part_rows numeric;
begin
  if p_st.layout #>> '{top,delta,kind}' is distinct from 'keyed' then
    return 0;
  end if;
  with sizes as (
    select size.rows::numeric as rows
    from pgtrickle_internal.sources s
    cross join lateral pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_snapshot) t
    cross join lateral pgtrickle_internal.lake_table_size(t.table_id, p_snapshot) size
    where s.stream_table_id = p_st.id),
  parts as (
    select greatest(case when count(*) > 1 then min(s.rows)
      when p_st.layout ->> 'shape' = 'rows' then (select c.reltuples::numeric from pg_class c where c.oid = p_st.relid)
      else min(s.rows) end, 1) as count
    from sizes s)
  select sum(s.rows * least(1, p_reads.row_count / p.count)) into part_rows from sizes s, parts p;
  return round(2 * coalesce(part_rows, 0) / 1000000 * pgtrickle_internal.setting('leaf_million_rows_ms'), 1);
end
$$;
comment on function pgtrickle_internal.part_cost(pgtrickle_internal.stream_tables, pgtrickle_internal.delta_reads, bigint) is
  'Estimated milliseconds for the parts that a delta computes again; 0 for a query that is not kept part by part.';

-- Every strategy from the contents as they are to a snapshot, with its cost; an impossible one with the reason instead.
create function pgtrickle_internal.possible_strategies(
  p_id bigint, p_target bigint, p_strategies text[] default array['Nothing', 'Delta', 'Full', 'Journal'])
returns table (strategy text, estimated_ms numeric, reason text, snapshot_count integer, restore_point bigint,
  reads pgtrickle_internal.delta_reads[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  changes record;
  v_reads pgtrickle_internal.delta_reads[];
  total pgtrickle_internal.delta_reads;
  is_there boolean := pgtrickle_internal.snapshot_exists(p_target);
  obstacle text;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  if p_strategies && array['Nothing', 'Delta'] then
    changes := pgtrickle_internal.source_changes(p_id, least(st.contents_snapshot, p_target), greatest(st.contents_snapshot, p_target));
    -- Looking for differences costs: where no delta is asked for, only to confirm that there is none.
    if 'Delta' = any (p_strategies) or changes.snapshot_count = 0 and st.contents_snapshot <> p_target then
      v_reads := pgtrickle_internal.possible_reads(st, p_target);
      total := pgtrickle_internal.total_reads(v_reads);
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
      else total.obstacle end;
    return query select 'Delta', case when obstacle is null then pgtrickle_internal.delta_cost(total) + pgtrickle_internal.part_cost(st, total, p_target) end,
      coalesce(obstacle, pgtrickle_internal.delta_reason(total)), coalesce(changes.snapshot_count, 0), null::bigint, v_reads;
  end if;
  if 'Full' = any (p_strategies) then
    return query select 'Full', case when is_there then pgtrickle_internal.recompute_cost(p_id, p_target) end,
        case when is_there then 'runs the query at the snapshot' else format('snapshot %s was expired', p_target) end,
        0, null::bigint, v_reads;
  end if;
  if 'Journal' = any (p_strategies) then
    return query select 'Journal', case when b.restore_point is not null then pgtrickle_internal.setting('journal_base_ms')
          + round(pgtrickle_internal.setting('journal_thousand_rows_ms') * pgtrickle_internal.journal_rows(p_id, b.restore_point) / 1000, 1) end,
        case when b.restore_point is not null then 'undoes the later refreshes'
          else format('no refresh whose undo journal is kept ended at snapshot %s', p_target) end,
        0, b.restore_point, v_reads
      from (select pgtrickle_internal.restore_point(p_id, p_target) as restore_point) b;
  end if;
end
$$;
comment on function pgtrickle_internal.possible_strategies(bigint, bigint, text[]) is
  'Nothing, Delta, Full and Journal to a snapshot: estimated_ms is NULL where a strategy is not possible, and reason says why. p_strategies: those that are given.';

create function pgtrickle_internal.choose_strategy(
  p_id bigint, p_target bigint, p_strategy text default 'Auto',
  out strategy text, out reason text, out estimated_ms numeric, out snapshot_count integer, out restore_point bigint,
  out reads pgtrickle_internal.delta_reads[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  contents bigint := (select s.contents_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id);
  allowed text[] := pgtrickle_internal.allowed_strategies(p_id, p_target, p_strategy);
  best record;
begin
  if p_target > pgtrickle_internal.lake_head() then
    perform pgtrickle_internal.check_snapshot(p_target);
  end if;
  with strategies as materialized (
    select s.*, row_number() over (order by s.estimated_ms, s.strategy) = 1 and s.estimated_ms is not null as is_best
    from pgtrickle_internal.possible_strategies(p_id, p_target, allowed) s
  )
  select chosen.strategy, chosen.reason, chosen.estimated_ms, chosen.snapshot_count, chosen.restore_point, chosen.reads,
      (select string_agg(format('%s: %s', s.strategy,
          case when s.estimated_ms is null then s.reason else format('about %s ms', s.estimated_ms) end), '; ')
        from strategies s where s.is_best is not true and s.strategy <> 'Nothing') as others
    into best
    from (select) one left join strategies chosen on chosen.is_best;
  strategy := best.strategy;
  if strategy is null then
    if 'Full' = any (allowed) then
      perform pgtrickle_internal.check_snapshot(p_target);
    end if;
    raise exception 'stream table % cannot get from snapshot % to % by strategy %', pgtrickle_internal.qualified_name(p_id),
        coalesce(contents::text, 'none'), p_target, p_strategy
      using errcode = 'TR018', detail = best.others, hint = 'Use strategy Auto.';
  end if;
  reason := best.reason || coalesce(' (' || best.others || ')', '');
  estimated_ms := best.estimated_ms;
  snapshot_count := best.snapshot_count;
  restore_point := best.restore_point;
  reads := best.reads;
end
$$;
comment on function pgtrickle_internal.choose_strategy(bigint, bigint, text) is
  'The cheapest allowed strategy to a snapshot; p_strategy: Auto, or one of Delta, Full, Journal. TR004, TR005, TR018 with the obstacles.';
