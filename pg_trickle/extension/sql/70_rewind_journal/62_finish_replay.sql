create function pgtrickle_rewind.finish_replay(p_uid text, p_token uuid, p_assertions jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_is_last boolean;
  v_after jsonb;
begin
  select (s.before ->> 'is_last')::boolean into v_is_last
    from pgtrickle_rewind.steps s
    where s.uid = p_uid and s.step = 'Replay' and s.outcome = 'Running';
  if v_is_last then
    return pgtrickle_rewind.finish_move(p_uid, p_token, 'Replay', p_assertions) || '{"done": true}';
  end if;
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
  select jsonb_build_object('snapshot_id', min(m.to_snapshot), 'tables', coalesce(jsonb_agg(to_jsonb(m)), '[]'), 'done', false)
    into v_after
    from pgtrickle_internal.finish_moves() m;
  update pgtrickle_rewind.steps s
  set after = v_after || jsonb_build_object('steps', coalesce((s.after ->> 'steps')::bigint, 0) + 1)
  where s.uid = p_uid and s.step = 'Replay' and s.outcome = 'Running';
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.finish_replay(text, uuid, jsonb) is 'Last part of replay(): publishes and records.';
