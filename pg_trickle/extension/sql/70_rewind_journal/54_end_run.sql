create function pgtrickle_rewind.end_run(p_nonce uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_repair pgtrickle_rewind.repair_transactions;
begin
  update pgtrickle_rewind.repair_transactions t
  set stage = 'Ran'
  where t.xid = pg_current_xact_id_if_assigned() and t.stage = 'Running' and t.nonce = p_nonce
  returning t.* into v_repair;
  if v_repair.uid is null then
    raise exception 'only pgtrickle_rewind.run_repair() ends a run' using errcode = 'TR020',
      hint = 'Repair SQL changes the source tables only.';
  end if;
  -- the lake connection is opened by the repair itself: it must have gone out under the name of this attempt
  if current_setting('postgres_fdw.application_name', true)
     is distinct from pgtrickle_rewind.operation_marker(v_repair.uid) || '/' || v_repair.attempt then
    raise exception 'the repair has changed postgres_fdw.application_name'
      using errcode = 'TR020', hint = 'The lake knows the repair by that name; leave it alone.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.end_run(uuid) is 'Ends the run of the repair in this transaction.';
