-- For the hole between the lake's commit and PostgreSQL's: the lake has the repair, the journal does not know.

create function pgtrickle_rewind.confirm_repair(p_uid text, p_token uuid) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_snapshot bigint;
  v_attempt integer;
  v_after jsonb;
begin
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
  v_snapshot := pgtrickle_rewind.find_marker(p_uid);
  select s.attempt, s.after into v_attempt, v_after
  from pgtrickle_rewind.steps s where s.uid = p_uid and s.step = 'Repair' and s.outcome = 'Done';
  if found then
    return jsonb_build_object('confirmed', true, 'snapshot_id', v_snapshot, 'attempt', v_attempt);
  end if;
  if v_snapshot is null then
    return jsonb_build_object('confirmed', false);
  end if;
  select s.attempt into v_attempt
  from pgtrickle_rewind.steps s where s.uid = p_uid and s.step = 'Repair' and s.outcome = 'Running';
  if not found then
    v_attempt := pgtrickle_rewind.open_step(p_uid, p_token, 'Repair', null);
  end if;
  perform pgtrickle_rewind.close_step(p_uid, 'Repair', v_attempt,
    jsonb_build_object('snapshot_id', v_snapshot, 'confirmed', true));
  return jsonb_build_object('confirmed', true, 'snapshot_id', v_snapshot, 'attempt', v_attempt);
end;
$$;
comment on function pgtrickle_rewind.confirm_repair(text, uuid) is
  'Looks the repair up in the lake and, if it is there, records it as done.';
