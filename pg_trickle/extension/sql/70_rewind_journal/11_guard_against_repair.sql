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
