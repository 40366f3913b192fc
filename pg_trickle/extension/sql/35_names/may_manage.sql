create function pgtrickle_internal.may_manage(p_id bigint) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  caller name := pgtrickle_internal.caller();
begin
  return pg_has_role(caller, 'pgtrickle_admin', 'usage')
    or exists (
      select from pgtrickle_internal.stream_tables s join pg_roles r on r.oid = s.created_by
      where s.id = p_id and pg_has_role(caller, r.oid, 'usage'));
end
$$;
comment on function pgtrickle_internal.may_manage(bigint) is 'Whether the caller is a superuser, in pgtrickle_admin, or the creator.';
