create function pgtrickle_internal.identity(out system_identifier text, out database_oid oid)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select (select c.system_identifier::text from pg_control_system() c),
    (select d.oid from pg_database d where d.datname = current_database());
end;
comment on function pgtrickle_internal.identity() is 'Which database this is, whatever it is called.';
