-- Repair SQL may change lake tables and nothing of ours: TR020, from enter_repair() to the end of its transaction.

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

-- Whatever function a repair may find, the rows that decide about a stream table cannot be changed from it.

create function pgtrickle_rewind.guard_against_repair() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_rewind.refuse_inside_repair();
  return null;
end;
$$;
comment on function pgtrickle_rewind.guard_against_repair() is
  'Statement trigger on the private tables of pg_trickle: refuses inside a repair.';

-- The rows that decide about a stream table: not from a repair, by whatever function it may reach them.

create trigger stream_tables_not_from_a_repair
before insert or update or delete on pgtrickle_internal.stream_tables
for each statement execute function pgtrickle_rewind.guard_against_repair();

create trigger holds_not_from_a_repair
before insert or update or delete on pgtrickle_internal.holds
for each statement execute function pgtrickle_rewind.guard_against_repair();

create trigger refreshes_not_from_a_repair
before insert or update or delete on pgtrickle_internal.refreshes
for each statement execute function pgtrickle_rewind.guard_against_repair();
