create function pgtrickle_rewind.refuse_inside_repair() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  if exists (select from pgtrickle_rewind.repair_transactions t where t.xid = pg_current_xact_id_if_assigned()) then
    raise exception 'management functions of pg_trickle cannot be called inside a repair'
      using errcode = 'TR020',
            hint = 'Repair SQL changes the source tables only; pausing, rewinding and releasing belong to the operation around it.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.refuse_inside_repair() is
  'Raises TR020 in a transaction that runs repair SQL.';
