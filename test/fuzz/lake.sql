-- The lake tables of the fuzzer, all of one shape, and their foreign tables.
create schema if not exists lake;

create foreign table lake.events (id bigint, k text collate "C", v bigint, owner integer)
  server lake options (schema_name 'main', table_name 'events');
create foreign table lake.items (id bigint, k text collate "C", v bigint, owner integer)
  server lake options (schema_name 'main', table_name 'items');
create foreign table lake.notes (id bigint, k text collate "C", v bigint, owner integer)
  server lake options (schema_name 'main', table_name 'notes');
create foreign table lake.logs (id bigint, k text collate "C", v bigint, owner integer)
  server lake options (schema_name 'main', table_name 'logs');

-- A plain DuckDB that waits for another client's open transaction gives up in time, so that one driver can play them all.
do $$
begin
  execute format('alter role pgtrickle_catalog in database %I set lock_timeout = %L', current_database(), '3s');
  execute format('alter role pgtrickle_catalog in database %I set statement_timeout = %L', current_database(), '30s');
end
$$;
