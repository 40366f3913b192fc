-- The step Replay.

-- Back to the head of the lake: all tables in one transaction and at one snapshot, asserted before anybody sees them.
-- Assertions are about the head: on its way there a stepwise replay shows what was, the later repaired rows included.

create function pgtrickle_rewind.replay(
  p_uid text, p_token uuid, p_mode text default 'Folded', p_assertions jsonb default '[]'
) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_is_last boolean := pgtrickle_rewind.begin_replay(p_uid, p_token, p_mode);
begin
  if v_is_last then
    perform pgtrickle_internal.check_assertions(p_assertions, pg_catalog.current_setting('search_path'));
  end if;
  return pgtrickle_rewind.finish_replay(p_uid, p_token, p_assertions);
end;
$$;
comment on function pgtrickle_rewind.replay(text, uuid, text, jsonb) is
  'Advances the operation''s stream tables to the head of the lake, asserted, and records it; gives what changed. In mode Stepwise one commit a call, until done is true.';
grant execute on function pgtrickle_rewind.replay(text, uuid, text, jsonb) to pgtrickle_admin;

-- Folded: all at once. Stepwise: the next commit of the sources, once a call; the step stays running until the head is
-- reached, and every call is a transaction of its own, so readers see each state.

create function pgtrickle_rewind.begin_replay(p_uid text, p_token uuid, p_mode text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids bigint[];
  v_target bigint;
begin
  if p_mode is null or p_mode not in ('Folded', 'Stepwise') then
    raise exception 'replay mode % is not known', coalesce(quote_literal(p_mode), 'NULL')
      using errcode = 'TR021', hint = 'Folded publishes the state at the head once; Stepwise publishes each snapshot in order.';
  end if;
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
  v_ids := pgtrickle_rewind.claimed_ids(p_uid);
  if not exists (select from pgtrickle_rewind.steps s
                 where s.uid = p_uid and s.step = 'Replay' and s.outcome = 'Running' and s.before ->> 'mode' = p_mode) then
    perform pgtrickle_rewind.open_step(p_uid, p_token, 'Replay',
      pgtrickle_rewind.table_states(v_ids) || jsonb_build_object('mode', p_mode));
  end if;
  if p_mode = 'Stepwise' then
    v_target := pgtrickle_internal.next_replay_target(v_ids);
  end if;
  update pgtrickle_rewind.steps s
  set before = s.before || jsonb_build_object('is_last', v_target is null)
  where s.uid = p_uid and s.step = 'Replay' and s.outcome = 'Running';
  perform pgtrickle_internal.stage_replay(v_ids, v_target);
  return v_target is null;
end;
$$;
comment on function pgtrickle_rewind.begin_replay(text, uuid, text) is
  'First part of replay(): puts the rows in place. True if they are those of the head. Cannot be committed without the last part.';
grant execute on function pgtrickle_rewind.begin_replay(text, uuid, text) to pgtrickle_admin;

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
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
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
grant execute on function pgtrickle_rewind.finish_replay(text, uuid, jsonb) to pgtrickle_admin;
