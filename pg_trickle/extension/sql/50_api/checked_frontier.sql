create function pgtrickle_internal.checked_frontier(p_id bigint, p_frontier jsonb) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  example bigint := coalesce((select s.frontier_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id), 42);
  wanted jsonb := pgtrickle_internal.frontier_at(p_id, example);
  full_statement text := format('update pgtrickle.pgt_stream_tables set frontier = %L where pgt_schema = %L and pgt_name = %L;',
    wanted, (select s.schema_name from pgtrickle_internal.stream_tables s where s.id = p_id),
    (select s.table_name from pgtrickle_internal.stream_tables s where s.id = p_id));
  snapshots bigint[];
  problem text;
begin
  if not exists (select from pgtrickle_internal.stream_tables s where s.id = p_id and s.is_populated) then
    raise exception 'stream table % was never populated and has no frontier yet', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR003', hint = 'Resume it and wait for its first refresh.';
  end if;
  problem := pgtrickle_internal.frontier_problem(wanted, p_frontier);
  if problem is not null then
    raise exception 'this is not a frontier of stream table %: %', pgtrickle_internal.qualified_name(p_id), problem
      using errcode = 'TR003', detail = coalesce(p_frontier::text, 'NULL'), hint = full_statement;
  end if;
  select array_agg(distinct (s.value ->> 'snapshot_id')::bigint) into snapshots from jsonb_each(p_frontier -> 'sources') s;
  if cardinality(snapshots) > 1 then
    raise exception 'a frontier names one snapshot for all its sources, not %', array_to_string(snapshots, ' and ')
      using errcode = 'TR006', hint = full_statement;
  end if;
  perform pgtrickle_internal.check_snapshot(snapshots[1]);
  return snapshots[1];
end
$$;
comment on function pgtrickle_internal.checked_frontier(bigint, jsonb) is
  'The snapshot of a frontier document; TR003 wrong shape, TR006 mixed snapshots, TR004 and TR005 for snapshots that are not there.';
