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
  'What a rewind by this strategy, and with this accept_contradiction, would do: way, cost, rows that change, commits undone; and whether the lake gives other rows there than were published (contradiction). Changes nothing.';
