-- Puts back what was found: the operation's own hold goes, a person's hold stays. Or the tables are left paused, by a hold
-- that is a person's from now on.

create function pgtrickle_rewind.release(
  p_uid text, p_token uuid, p_outcome text, p_leave_paused boolean default false
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_operation pgtrickle_rewind.operations;
  v_ids bigint[];
  v_attempt integer;
  v_after jsonb;
begin
  if p_outcome is null or p_outcome not in ('Succeeded', 'Failed', 'Aborted') then
    raise exception 'an operation cannot end as %', coalesce(p_outcome, 'null')
      using errcode = 'TR021', hint = 'Use Succeeded, Failed or Aborted.';
  end if;
  v_operation := pgtrickle_rewind.take_lock(p_uid, p_token);
  v_ids := pgtrickle_rewind.locked_ids(p_uid);
  v_attempt := pgtrickle_rewind.open_step(p_uid, p_token, 'Release', pgtrickle_rewind.table_states(v_ids));
  if p_leave_paused then
    perform pgtrickle_rewind.leave_paused(v_ids, pgtrickle_rewind.holder(v_operation));
  end if;
  perform pgtrickle_rewind.drop_holds(v_ids, pgtrickle_rewind.holder(v_operation));
  v_after := pgtrickle_rewind.table_states(v_ids);
  perform pgtrickle_rewind.close_step(p_uid, 'Release', v_attempt, v_after);
  perform pgtrickle_rewind.finish_operation(p_uid, p_outcome, null);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.release(text, uuid, text, boolean) is
  'Drops the operation''s hold and locks and ends it with the outcome; gives the state of the tables. With p_leave_paused they stay paused until resume_scheduler().';
