create function pgtrickle_rewind.begin_replay(p_uid text, p_token uuid, p_mode text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
begin
  if p_mode is distinct from 'Folded' then
    raise exception 'replay mode % is not there yet', coalesce(quote_literal(p_mode), 'NULL')
      using errcode = 'TR018', hint = 'Use Folded: the state at the head is published once.';
  end if;
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
  v_ids := pgtrickle_rewind.locked_ids(p_uid);
  perform pgtrickle_rewind.open_step(p_uid, p_token, 'Replay',
    pgtrickle_rewind.table_states(v_ids) || jsonb_build_object('mode', p_mode));
  perform pgtrickle_internal.stage_replay(v_ids);
end;
$$;
comment on function pgtrickle_rewind.begin_replay(text, uuid, text) is
  'First part of replay(): puts the rows in place. Cannot be committed without the last part.';
