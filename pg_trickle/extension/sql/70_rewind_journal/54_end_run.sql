create function pgtrickle_rewind.end_run(p_nonce uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
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
  perform pgtrickle_rewind.check_marker_name(v_repair);
  -- run_repair has opened one; another role's user mapping would open one more, under a name that the repair chose
  if pgtrickle_rewind.lake_connections() > 1 then
    raise exception 'the repair has opened a second connection to the lake'
      using errcode = 'TR020', hint = 'A repair works with one user mapping: run it as one role, on tables of one server.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.end_run(uuid) is 'Ends the run of the repair in this transaction.';
