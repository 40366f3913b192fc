-- Everything that decides the operator's next step, in one call, from this database alone: it works with the engine
-- dead, changes nothing and takes no lock.

create function pgtrickle_rewind.observe(
  p_uid text, p_tables text[], p_snapshot bigint, p_timestamp timestamptz,
  p_cluster text default null, p_namespace text default null, p_name text default null, p_operation_key text default null
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_tables jsonb;
begin
  select coalesce(jsonb_agg(pgtrickle_rewind.observe_table(p_uid, t.name) order by t.position), '[]') into v_tables
  from unnest(p_tables) with ordinality as t(name, position);
  return jsonb_build_object(
    'database', current_database(),
    'system_identifier', (select c.system_identifier::text from pg_control_system() c),
    'timeline', (select c.timeline_id from pg_control_checkpoint() c),
    'now', clock_timestamp(),
    'head', pgtrickle_rewind.lake_head(),
    'oldest', pgtrickle_rewind.lake_oldest(),
    'operation', pgtrickle_rewind.observe_operation(p_uid),
    'already_done', pgtrickle_rewind.already_done(p_uid, v_tables, p_cluster, p_namespace, p_name, p_operation_key),
    'tables', v_tables,
    'target', pgtrickle_rewind.observe_target(p_snapshot, p_timestamp, array(
      select pgtrickle_rewind.resolve_for(p_uid, t.state ->> 'requested')
      from jsonb_array_elements(v_tables) as t(state) where t.state ->> 'error' is null)),
    'steps', pgtrickle_rewind.observe_steps(p_uid),
    'repair_marker', (select jsonb_build_object('snapshot_id', m) from pgtrickle_rewind.find_marker(p_uid) m where m is not null));
end;
$$;
comment on function pgtrickle_rewind.observe(text, text[], bigint, timestamptz, text, text, text, text) is
  'State of an operation, its stream tables, its target and its steps as one JSON object; with the last four parameters also whether another operation has already done the same.';
