-- What the operator sees: one JSON object, and the parts of it.

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
grant execute on function pgtrickle_rewind.observe(text, text[], bigint, timestamptz, text, text, text, text) to pgtrickle_admin;

create function pgtrickle_rewind.observe_operation(p_uid text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select jsonb_build_object(
      'uid', o.uid, 'cluster', o.cluster, 'namespace', o.namespace, 'name', o.name,
      'operation_key', o.operation_key, 'tables', to_jsonb(o.table_names), 'token_set', true,
      'claims', o.claim_count, 'claimed_at', o.claimed_at, 'started_at', o.started_at,
      'claimed', exists (select from pgtrickle_rewind.claims l where l.uid = o.uid),
      'idle_seconds', case when pgtrickle_rewind.is_worked_for(o.uid) then 0
                           else round(greatest(0, extract(epoch from clock_timestamp() - o.seen_at)), 3) end,
      'outcome', o.outcome, 'reason', o.reason, 'finished_at', o.finished_at)
    from pgtrickle_rewind.operations o
    where o.uid = p_uid);
end;
$$;
comment on function pgtrickle_rewind.observe_operation(text) is 'The operation as JSON, or null. Never its token.';

create function pgtrickle_rewind.observe_steps(p_uid text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'step', s.step, 'attempt', s.attempt, 'outcome', s.outcome,
             'started_at', s.started_at, 'finished_at', s.finished_at,
             'before', s.before, 'after', s.after, 'error', s.error)
           order by s.started_at, s.step, s.attempt), '[]')
    from pgtrickle_rewind.steps s
    where s.uid = p_uid);
end;
$$;
comment on function pgtrickle_rewind.observe_steps(text) is 'Attempts of the steps of an operation, in order.';

-- An unknown or ambiguous name is an answer here, not an error: the other tables are to be seen too.

create function pgtrickle_rewind.observe_table(p_uid text, p_name text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
  v_code text;
  v_message text;
  v_hint text;
begin
  v_id := pgtrickle_rewind.resolve_for(p_uid, p_name);
  return jsonb_build_object('requested', p_name, 'error', null)
      || pgtrickle_rewind.table_state(v_id)
      || jsonb_build_object('claimed_by', pgtrickle_rewind.claimed_by(v_id), 'healed', pgtrickle_internal.last_healed(v_id));
exception
  when sqlstate 'TR001' or sqlstate 'TR002' or sqlstate 'TR021' then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_hint = pg_exception_hint;
    return jsonb_build_object('requested', p_name,
      'error', jsonb_build_object('code', v_code, 'message', v_message, 'hint', v_hint));
end;
$$;
comment on function pgtrickle_rewind.observe_table(text, text) is 'State of one stream table by the name that the operation was asked by.';

-- What an operation has claimed and holds stays visible to it by the name that it was asked by, also when another stream
-- table gets that name in another schema meanwhile: it has to be put back.

create function pgtrickle_rewind.resolve_for(p_uid text, p_name text) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids bigint[];
begin
  return pgtrickle_internal.resolve(p_name);
exception
  when sqlstate 'TR002' then
    select array_agg(s.id) into v_ids
    from pgtrickle_rewind.operations o
    join pgtrickle_internal.stream_tables s on s.id = any (o.table_ids)
    where o.uid = p_uid and s.table_name = (parse_ident(p_name))[1]; -- ambiguous, so there is no schema in it
    if cardinality(v_ids) = 1 then
      return v_ids[1];
    end if;
    raise;
end;
$$;
comment on function pgtrickle_rewind.resolve_for(text, text) is
  'Id of the stream table with this name; of several the one that the operation was claimed for.';

-- A deleted one-shot object comes back with every GitOps sync. What it asks for is already done if the last operation of
-- the same name and content succeeded and nothing has moved one of its tables back since: neither another rewind (one
-- that failed and still holds the table counts as well) nor a person. A table by another id is another table.

create function pgtrickle_rewind.already_done(
  p_uid text, p_tables jsonb, p_cluster text, p_namespace text, p_name text, p_operation_key text
) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_done pgtrickle_rewind.operations;
  v_target jsonb;
  v_names text[];
begin
  if exists (select from pgtrickle_rewind.operations o where o.uid = p_uid) then
    return null;
  end if;
  select o.* into v_done
  from pgtrickle_rewind.operations o
  where (o.cluster, o.namespace, o.name, o.operation_key) = (p_cluster, p_namespace, p_name, p_operation_key)
    and o.outcome = 'Succeeded'
  order by o.finished_at desc
  limit 1;
  select s.before -> 'target' into v_target
  from pgtrickle_rewind.steps s
  where s.uid = v_done.uid and s.step = 'Rewind' and s.outcome = 'Done'
  order by s.attempt desc
  limit 1;
  select array_agg(distinct n order by n) into v_names from unnest(pgtrickle_rewind.table_names(v_done.table_ids)) n;
  if v_target is null
      or array_position(v_names, null) is not null -- dropped
      or v_names is distinct from
         (select array_agg(distinct t ->> 'name' order by t ->> 'name') from jsonb_array_elements(p_tables) t)
      or exists (select from pgtrickle_internal.refreshes r
                 where r.stream_table_id = any (v_done.table_ids) and r.is_backward
                   and r.id > coalesce(v_done.last_refresh_id, 0)) then
    return null;
  end if;
  return jsonb_build_object('uid', v_done.uid, 'finished_at', v_done.finished_at, 'target', v_target);
end;
$$;
comment on function pgtrickle_rewind.already_done(text, jsonb, text, text, text, text) is
  'The operation that has already done what this one is asked for, with nothing moved back since, or null.';
