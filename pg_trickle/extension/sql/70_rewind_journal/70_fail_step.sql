create function pgtrickle_rewind.fail_step(
  p_uid text, p_token uuid, p_step text, p_sqlstate text, p_message text
) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_error jsonb := jsonb_build_object('code', p_sqlstate, 'message', p_message);
  v_attempt integer;
  v_now timestamptz := clock_timestamp();
begin
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
  update pgtrickle_rewind.steps s
  set outcome = 'Failed', finished_at = v_now, error = v_error
  where s.uid = p_uid and s.step = p_step and s.outcome = 'Running'
  returning s.attempt into v_attempt;
  if v_attempt is null then
    -- the step's own row was rolled back together with its effect
    insert into pgtrickle_rewind.steps as s (uid, step, attempt, outcome, token, error, started_at, finished_at)
    select p_uid, p_step, coalesce(max(o.attempt), 0) + 1, 'Failed', p_token, v_error, v_now, v_now
    from pgtrickle_rewind.steps o
    where o.uid = p_uid and o.step = p_step
    returning s.attempt into v_attempt;
  end if;
  return v_attempt;
end;
$$;
comment on function pgtrickle_rewind.fail_step(text, uuid, text, text, text) is
  'Records that an attempt of a step failed, and why.';
