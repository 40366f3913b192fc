create function pgtrickle_internal.choose_way(
  p_id bigint, p_target bigint, p_allowed text default 'Auto',
  out strategy text, out reason text, out estimated_ms numeric, out snapshot_count integer, out boundary_refresh bigint,
  out reads pgtrickle_internal.delta_reads)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  contents bigint := (select s.contents_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id);
  allowed text[] := pgtrickle_internal.allowed_ways(p_id, p_target, p_allowed);
  best record;
begin
  if p_target > pgtrickle_internal.lake_head() then
    perform pgtrickle_internal.check_snapshot(p_target);
  end if;
  with ways as materialized (
    select w.*, row_number() over (order by w.estimated_ms, w.strategy) = 1 and w.estimated_ms is not null as is_best
    from pgtrickle_internal.possible_ways(p_id, p_target, allowed) w
  )
  select chosen.strategy, chosen.reason, chosen.estimated_ms, chosen.snapshot_count, chosen.boundary_refresh, chosen.reads,
      (select string_agg(format('%s: %s', w.strategy,
          case when w.estimated_ms is null then w.reason else format('about %s ms', w.estimated_ms) end), '; ')
        from ways w where w.is_best is not true and w.strategy <> 'Nothing') as others
    into best
    from (select) one left join ways chosen on chosen.is_best;
  strategy := best.strategy;
  if strategy is null then
    if 'Recompute' = any (allowed) then
      perform pgtrickle_internal.check_snapshot(p_target);
    end if;
    raise exception 'stream table % cannot get from snapshot % to % by strategy %', pgtrickle_internal.qualified_name(p_id),
        coalesce(contents::text, 'none'), p_target, p_allowed
      using errcode = 'TR018', detail = best.others, hint = 'Use strategy Auto.';
  end if;
  reason := best.reason || coalesce(' (' || best.others || ')', '');
  estimated_ms := best.estimated_ms;
  snapshot_count := best.snapshot_count;
  boundary_refresh := best.boundary_refresh;
  reads := best.reads;
end
$$;
comment on function pgtrickle_internal.choose_way(bigint, bigint, text) is
  'The cheapest allowed way to a snapshot; p_allowed: Auto, or one of Delta, Recompute, Journal. TR004, TR005, TR018 with the obstacles.';
