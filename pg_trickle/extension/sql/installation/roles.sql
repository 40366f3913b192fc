-- Roles belong to the cluster, not to the database: another database may have made them already.
do $$
declare
  role_name name;
begin
  foreach role_name in array array['pgtrickle_catalog', 'pgtrickle_catalog_reader', 'pgtrickle_admin', 'pgtrickle_scheduler', 'pgtrickle_top'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
      begin
        execute pg_catalog.format('create role %I nologin', role_name);
      exception when duplicate_object or unique_violation then
        null; -- another session was faster
      end;
    end if;
  end loop;
  -- It may do what the catalog's owner may, and nothing else.
  if not pg_catalog.pg_has_role('pgtrickle_catalog_reader', 'pgtrickle_catalog', 'usage') then
    lock table pg_catalog.pg_authid in share row exclusive mode;
    grant pgtrickle_catalog to pgtrickle_catalog_reader;
  end if;
  -- Its functions bound what they write to PostgreSQL's disk.
  if not pg_catalog.has_parameter_privilege('pgtrickle_top', 'temp_file_limit', 'set') then
    grant set on parameter temp_file_limit to pgtrickle_top;
  end if;
end
$$;
