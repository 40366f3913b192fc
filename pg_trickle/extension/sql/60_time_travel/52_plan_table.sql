create function pgtrickle_internal.plan_table(p_id bigint, p_target bigint, p_strategy text, p_is_accepted boolean) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  way record;
  evidence pgtrickle_internal.evidence;
  rows jsonb;
begin
  perform pgtrickle_internal.lock_contents(p_id);
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  evidence := pgtrickle_internal.recorded_evidence(p_id, p_target);
  way := pgtrickle_internal.choose_rewind(p_id, p_target,
    pgtrickle_internal.accepted_strategy(p_id, p_target, p_strategy, p_is_accepted, evidence));
  rows := pgtrickle_internal.plan_rows(p_id, p_target, way.boundary_refresh);
  return jsonb_build_object(
      'table', pgtrickle_internal.qualified_name(p_id),
      'from', st.contents_snapshot, 'to', p_target, 'frontier', st.frontier_snapshot,
      'strategy', pgtrickle_internal.shown_strategy(way.strategy), 'reason', way.reason,
      'estimated_cost_ms', way.estimated_ms,
      'definition_hash', encode(sha256(convert_to(st.view_definition || st.settings::text, 'UTF8')), 'hex'),
      'sources', (
        select jsonb_agg(jsonb_build_object('table', s.relation_name, 'table_id', t.table_id,
          'schema_version', t.schema_version) order by s.relation_name)
        from pgtrickle_internal.sources s
        cross join lateral pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_target) t
        where s.stream_table_id = p_id))
    || rows || pgtrickle_internal.plan_evidence(p_id, p_target, evidence, way.boundary_refresh, rows);
end
$$;
comment on function pgtrickle_internal.plan_table(bigint, bigint, text, boolean) is 'The plan of a rewind for one stream table by a strategy; its errors where that one is not possible.';
