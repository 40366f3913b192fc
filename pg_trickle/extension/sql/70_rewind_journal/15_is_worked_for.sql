create function pgtrickle_rewind.is_worked_for(p_uid text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return exists (select from pgtrickle_rewind.marked_backends(p_uid));
end;
$$;
comment on function pgtrickle_rewind.is_worked_for(text) is 'Whether a transaction works for the operation at this moment.';
