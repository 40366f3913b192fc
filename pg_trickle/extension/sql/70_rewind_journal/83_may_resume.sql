create function pgtrickle_rewind.may_resume(p_operation pgtrickle_rewind.operations) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return not exists (
    select from pgtrickle_internal.stream_tables s
    where s.id = any (p_operation.table_ids) and not pgtrickle_internal.may_manage(s.id));
end;
$$;
comment on function pgtrickle_rewind.may_resume(pgtrickle_rewind.operations) is
  'Whether the caller may manage every stream table of the operation.';
