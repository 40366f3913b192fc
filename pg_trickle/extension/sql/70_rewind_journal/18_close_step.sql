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
