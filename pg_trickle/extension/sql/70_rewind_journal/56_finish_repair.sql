create function pgtrickle_rewind.finish_repair(p_uid text, p_token uuid, p_attempt integer, p_result jsonb)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  -- the lock rows are held since enter_repair, so the token cannot have changed; it is compared all the same,
  -- because the repair's statements know neither it nor the way to it
  update pgtrickle_rewind.operations o set seen_at = clock_timestamp() where o.uid = p_uid and o.token = p_token;
  if not found then
    raise exception 'operation % belongs to somebody else', p_uid
      using errcode = 'TR015', hint = 'Finish the repair with the token that entered it.';
  end if;
  update pgtrickle_rewind.repair_transactions t
  set stage = 'Finished'
  where t.uid = p_uid and t.attempt = p_attempt and t.xid = pg_current_xact_id_if_assigned() and t.stage = 'Ran';
  if not found then
    raise exception 'attempt % of the repair of operation % has not run in this transaction', p_attempt, p_uid
      using errcode = 'TR020',
            hint = 'In one transaction: enter_repair, run_repair, finish_repair, commit.';
  end if;
  perform pgtrickle_rewind.close_step(p_uid, 'Repair', p_attempt,
    jsonb_build_object('rows', coalesce(p_result, '[]'::jsonb)));
end;
$$;
comment on function pgtrickle_rewind.finish_repair(text, uuid, integer, jsonb) is
  'Records the repair as done, in the repair''s own transaction.';
