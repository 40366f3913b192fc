-- Containment first: needs no engine, and waits for nothing but row locks.

create function pgtrickle_rewind.pause(p_uid text, p_token uuid) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_operation pgtrickle_rewind.operations;
  v_ids bigint[];
  v_holder text;
  v_attempt integer;
  v_found jsonb;
  v_after jsonb;
begin
  v_operation := pgtrickle_rewind.take_lock(p_uid, p_token);
  v_ids := pgtrickle_rewind.locked_ids(p_uid);
  -- only what is held cannot be dropped; its lock went with it, and the name may be another table's by now
  if v_ids is distinct from v_operation.table_ids then
    raise exception 'a stream table of operation % was dropped after it had been claimed: %', p_uid,
        array_to_string(v_operation.table_names, ', ')
      using errcode = 'TR015', hint = 'Observe, and claim what there is now.';
  end if;
  v_holder := pgtrickle_rewind.holder(v_operation);
  -- what was there before the first pause is what a release puts back; a later attempt must not overwrite it
  select s.before into v_found
  from pgtrickle_rewind.steps s
  where s.uid = p_uid and s.step = 'Pause' and s.outcome = 'Done'
  order by s.attempt limit 1;
  v_found := coalesce(v_found, pgtrickle_rewind.table_states(v_ids));
  v_attempt := pgtrickle_rewind.open_step(p_uid, p_token, 'Pause', v_found);
  perform pgtrickle_rewind.add_holds(v_ids, v_holder, format('operation %s', p_uid));
  perform pgtrickle_rewind.drop_stale_holds(v_ids, v_holder);
  v_after := pgtrickle_rewind.table_states(v_ids);
  perform pgtrickle_rewind.close_step(p_uid, 'Pause', v_attempt, v_after);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.pause(text, uuid) is
  'Holds the stream tables of the operation and records what was found; gives their state.';
