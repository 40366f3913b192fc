-- The two ends of run_repair. The nonce lives in a variable of run_repair and in a private table, so the repair's
-- own statements cannot end the run in its place.

create function pgtrickle_rewind.start_run() returns uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_repair pgtrickle_rewind.repair_transactions;
begin
  update pgtrickle_rewind.repair_transactions t
  set stage = 'Running'
  where t.xid = pg_current_xact_id_if_assigned() and t.stage = 'Entered'
  returning t.* into v_repair;
  if v_repair.uid is null then
    raise exception 'no repair has been entered in this transaction, or it has already run'
      using errcode = 'TR020', hint = 'Call pgtrickle_rewind.enter_repair(…) first, once per transaction.';
  end if;
  perform pgtrickle_rewind.check_marker_name(v_repair);
  return v_repair.nonce;
end;
$$;
comment on function pgtrickle_rewind.start_run() is 'Begins the run of the repair that this transaction has entered.';
