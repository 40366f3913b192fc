-- What a rewind would do, shown to a person. Changes nothing.

create function pgtrickle.plan_rewind(
  names text[], snapshot_id bigint, strategy text default 'Auto', accept_contradiction boolean default false) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  ids bigint[] := pgtrickle_internal.resolve_all(plan_rewind.names);
  target bigint := plan_rewind.snapshot_id;
  tables jsonb := '[]';
  id bigint;
  reached bigint;
begin
  perform pgtrickle_internal.check_acceptance(plan_rewind.strategy, plan_rewind.accept_contradiction);
  perform pgtrickle_internal.check_known_snapshot(ids, target);
  foreach id in array ids loop
    perform pgtrickle_internal.authorise(id, 'plan a rewind of');
    tables := tables || pgtrickle_internal.plan_table(id, target, plan_rewind.strategy, plan_rewind.accept_contradiction);
  end loop;
  select max(s.contents_snapshot) into reached from pgtrickle_internal.stream_tables s where s.id = any (ids);
  return jsonb_build_object(
      'target', target, 'head', pgtrickle_internal.lake_head(), 'oldest', pgtrickle_internal.lake_oldest(),
      'tables', tables,
      'system_identifier', (select c.system_identifier::text from pg_control_system() c),
      'timeline', (select c.timeline_id from pg_control_checkpoint() c))
    || pgtrickle_internal.plan_commits(ids, target, reached);
exception
  when data_exception or cardinality_violation then
    perform pgtrickle_internal.refuse_query_failure('plan', id, target, sqlstate, sqlerrm);
end
$$;
comment on function pgtrickle.plan_rewind(text[], bigint, text, boolean) is
  'What a rewind by this strategy, and with this accept_contradiction, would do: strategy, cost, rows that change, commits undone; and whether the lake gives other rows there than were published (contradiction). Changes nothing.';
grant execute on function pgtrickle.plan_rewind(text[], bigint, text, boolean) to pgtrickle_admin;

-- An expired snapshot is still a target where the undo journal reaches it.
create function pgtrickle_internal.check_known_snapshot(p_ids bigint[], p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_snapshot is not null and p_snapshot <= pgtrickle_internal.lake_head() and cardinality(p_ids) > 0
      and not exists (select from unnest(p_ids) i where pgtrickle_internal.restore_point(i, p_snapshot) is null) then
    return;
  end if;
  perform pgtrickle_internal.check_snapshot(p_snapshot);
end
$$;
comment on function pgtrickle_internal.check_known_snapshot(bigint[], bigint) is
  'check_snapshot(), unless the undo journals of all these tables reach the snapshot without the lake.';

create function pgtrickle_internal.plan_table(p_id bigint, p_target bigint, p_strategy text, p_is_accepted boolean) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  choice record;
  evidence pgtrickle_internal.evidence;
  rows jsonb;
begin
  perform pgtrickle_internal.lock_contents(p_id);
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  evidence := pgtrickle_internal.recorded_evidence(p_id, p_target);
  choice := pgtrickle_internal.choose_rewind(p_id, p_target,
    pgtrickle_internal.accepted_strategy(p_id, p_target, p_strategy, p_is_accepted, evidence));
  rows := pgtrickle_internal.plan_rows(p_id, p_target, choice.restore_point);
  return jsonb_build_object(
      'table', pgtrickle_internal.qualified_name(p_id),
      'from', st.contents_snapshot, 'to', p_target, 'frontier', st.frontier_snapshot,
      'strategy', choice.strategy, 'reason', choice.reason,
      'estimated_cost_ms', choice.estimated_ms,
      'definition_hash', encode(sha256(convert_to(st.view_definition || st.settings::text, 'UTF8')), 'hex'),
      'sources', (
        select jsonb_agg(jsonb_build_object('table', s.relation_name, 'table_id', t.table_id,
          'schema_version', t.schema_version) order by s.relation_name)
        from pgtrickle_internal.sources s
        cross join lateral pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_target) t
        where s.stream_table_id = p_id))
    || rows || pgtrickle_internal.plan_evidence(p_id, p_target, evidence, choice.restore_point, rows);
end
$$;
comment on function pgtrickle_internal.plan_table(bigint, bigint, text, boolean) is 'The plan of a rewind for one stream table by a strategy; its errors where that one is not possible.';

create function pgtrickle_internal.plan_commits(p_ids bigint[], p_from bigint, p_to bigint) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object(
      'commits_undone', coalesce(jsonb_agg(jsonb_build_object(
          'snapshot_id', c.snapshot_id, 'time', c.snapshot_time, 'author', c.author,
          'message', c.message, 'changes', c.changes) order by c.snapshot_id)
        filter (where c.position <= 100), '[]'),
      'commits_undone_count', count(*))
    from (
      select c.*, row_number() over (order by c.snapshot_id) as position
      from pgtrickle_internal.lake_commits(array(
        select s.snapshot_id from pgtrickle_internal.source_commits(p_ids, p_from, p_to) s)) c) c);
end
$$;
comment on function pgtrickle_internal.plan_commits(bigint[], bigint, bigint) is
  'The commits that a rewind undoes: the first hundred, and how many there are.';
