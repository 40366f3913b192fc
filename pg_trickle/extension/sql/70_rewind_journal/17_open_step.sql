create function pgtrickle_rewind.open_step(p_uid text, p_token uuid, p_step text, p_before jsonb) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_attempt integer;
begin
  update pgtrickle_rewind.steps s
  set outcome = 'Failed', finished_at = clock_timestamp(),
      error = jsonb_build_object('code', 'TR015', 'message', 'interrupted: the next attempt found it unfinished')
  where s.uid = p_uid and s.outcome = 'Running';
  insert into pgtrickle_rewind.steps as s (uid, step, attempt, outcome, token, before)
  select p_uid, p_step, coalesce(max(o.attempt), 0) + 1, 'Running', p_token, p_before
  from pgtrickle_rewind.steps o
  where o.uid = p_uid and o.step = p_step
  returning s.attempt into v_attempt;
  return v_attempt;
end;
$$;
comment on function pgtrickle_rewind.open_step(text, uuid, text, jsonb) is
  'Starts the next attempt of a step; an attempt that was left running is recorded as interrupted.';
