-- Attempts of steps, and the end of an operation.

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

create function pgtrickle_rewind.close_step(p_uid text, p_step text, p_attempt integer, p_after jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  update pgtrickle_rewind.steps s
  set outcome = 'Done', finished_at = clock_timestamp(), after = p_after
  where s.uid = p_uid and s.step = p_step and s.attempt = p_attempt and s.outcome = 'Running';
  if not found then
    raise exception 'attempt % of step % of operation % is not running', p_attempt, p_step, p_uid
      using errcode = 'TR015', hint = 'Another claim has ended it. Observe again.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.close_step(text, text, integer, jsonb) is 'Ends the running attempt of a step as done.';

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
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
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
grant execute on function pgtrickle_rewind.fail_step(text, uuid, text, text, text) to pgtrickle_admin;

create function pgtrickle_rewind.finish_operation(p_uid text, p_outcome text, p_reason text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  update pgtrickle_rewind.steps s
  set outcome = 'Failed', finished_at = clock_timestamp(),
      error = jsonb_build_object('code', 'TR015', 'message', format('the operation ended as %s', p_outcome))
  where s.uid = p_uid and s.outcome = 'Running';
  delete from pgtrickle_rewind.claims l where l.uid = p_uid;
  update pgtrickle_rewind.operations o
  set outcome = p_outcome, reason = p_reason, finished_at = clock_timestamp(),
      last_refresh_id = (select max(r.id) from pgtrickle_internal.refreshes r where r.stream_table_id = any (o.table_ids))
  where o.uid = p_uid;
end;
$$;
comment on function pgtrickle_rewind.finish_operation(text, text, text) is 'Frees the claims of an operation and records how it ended.';
