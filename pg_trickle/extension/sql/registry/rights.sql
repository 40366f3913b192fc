-- Who may manage a stream table: its creator, and members of pgtrickle_admin. Who may read it is PostgreSQL's own SELECT.

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

create function pgtrickle_internal.authorise(p_id bigint, p_action text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pgtrickle_internal.may_manage(p_id) then
    raise exception 'permission denied to % stream table %', p_action, pgtrickle_internal.qualified_name(p_id)
      using errcode = '42501', hint = 'Its creator and members of pgtrickle_admin may.';
  end if;
end
$$;
comment on function pgtrickle_internal.authorise(bigint, text) is '42501 unless the caller may manage this stream table.';
