create function pgtrickle_internal.attach_catalog_role(p_password text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Roles belong to the cluster: two databases that attach at once would fail with "tuple concurrently updated".
  lock table pg_catalog.pg_authid in share row exclusive mode;
  execute format('alter role pgtrickle_catalog with login password %L', p_password);
  -- DuckLake recognises a conflict that it may retry by its English text, and must never wait here for ever.
  execute format('alter role pgtrickle_catalog in database %I set lc_messages = %L', current_database(), 'C');
  execute format('alter role pgtrickle_catalog in database %I set lock_timeout = %L', current_database(), '10s');
  execute format('alter role pgtrickle_catalog in database %I set statement_timeout = %L', current_database(), '60s');
  execute format('grant connect on database %I to pgtrickle_catalog', current_database());
  create schema if not exists ducklake authorization pgtrickle_catalog;
end
$$;
comment on function pgtrickle_internal.attach_catalog_role(text) is 'Lets the lake engine log in to its catalog, schema ducklake, and nothing else.';
