-- The step Rewind; finish_move() is also the end of a replay.

-- Rewind and its row in the operation log in one transaction. Three parts, because the assertions run as the caller, with the
-- caller's search_path, and everything around them as the owner.

create function pgtrickle_rewind.rewind(
  p_uid text, p_token uuid, p_snapshot bigint, p_strategy text default 'Auto', p_assertions jsonb default '[]',
  p_is_accepted boolean default false
) returns jsonb
language plpgsql volatile security invoker
as $$
begin
  perform pgtrickle_rewind.begin_rewind(p_uid, p_token, p_snapshot, p_strategy, p_is_accepted);
  perform pgtrickle_internal.check_assertions(p_assertions, pg_catalog.current_setting('search_path'));
  return pgtrickle_rewind.finish_rewind(p_uid, p_token, p_assertions);
end;
$$;
comment on function pgtrickle_rewind.rewind(text, uuid, bigint, text, jsonb, boolean) is
  'Rewinds the operation''s stream tables to one snapshot, verified and asserted, and records it; gives what changed. p_is_accepted: by the lake''s rows also where others were published there.';
grant execute on function pgtrickle_rewind.rewind(text, uuid, bigint, text, jsonb, boolean) to pgtrickle_admin;

create function pgtrickle_rewind.begin_rewind(p_uid text, p_token uuid, p_snapshot bigint, p_strategy text, p_is_accepted boolean)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids bigint[];
begin
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
  v_ids := pgtrickle_rewind.claimed_ids(p_uid);
  perform pgtrickle_rewind.open_step(p_uid, p_token, 'Rewind',
    pgtrickle_rewind.table_states(v_ids) || jsonb_build_object('target', p_snapshot, 'strategy', p_strategy)
      || case when p_is_accepted then '{"accept_contradiction": true}' else '{}' end::jsonb);
  perform pgtrickle_internal.stage_rewind(v_ids, p_snapshot, p_strategy, p_is_proof_wanted => true,
    p_is_accepted => coalesce(p_is_accepted, false));
end;
$$;
comment on function pgtrickle_rewind.begin_rewind(text, uuid, bigint, text, boolean) is
  'First part of rewind(): puts the rows in place and verifies them. Cannot be committed without the last part.';
grant execute on function pgtrickle_rewind.begin_rewind(text, uuid, bigint, text, boolean) to pgtrickle_admin;

create function pgtrickle_rewind.finish_rewind(p_uid text, p_token uuid, p_assertions jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return pgtrickle_rewind.finish_move(p_uid, p_token, 'Rewind', p_assertions);
end;
$$;
comment on function pgtrickle_rewind.finish_rewind(text, uuid, jsonb) is
  'Last part of rewind(): publishes and records.';
grant execute on function pgtrickle_rewind.finish_rewind(text, uuid, jsonb) to pgtrickle_admin;

create function pgtrickle_rewind.finish_move(p_uid text, p_token uuid, p_step text, p_assertions jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_attempt integer;
  v_after jsonb;
begin
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
  select s.attempt into v_attempt
  from pgtrickle_rewind.steps s
  where s.uid = p_uid and s.step = p_step and s.outcome = 'Running';
  select jsonb_build_object(
           'snapshot_id', min(m.to_snapshot),
           'tables', coalesce(jsonb_agg(to_jsonb(m) order by m.table_name), '[]'),
           'assertions', coalesce(jsonb_array_length(p_assertions), 0))
  into v_after
  from pgtrickle_internal.finish_moves() m;
  perform pgtrickle_rewind.close_step(p_uid, p_step, v_attempt, v_after);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.finish_move(text, uuid, text, jsonb) is
  'Publishes what was staged in this transaction and records the step as done.';
