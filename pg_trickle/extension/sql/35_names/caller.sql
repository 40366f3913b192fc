-- Inside SECURITY DEFINER, current_user is the definer. The role setting is not: it holds what SET ROLE chose, and can be
-- changed only to a role that the session user is a member of.
create function pgtrickle_internal.caller() returns name
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select coalesce(nullif(current_setting('role', true), 'none')::name, session_user);
end;
comment on function pgtrickle_internal.caller() is 'The role that called, also inside SECURITY DEFINER functions.';
