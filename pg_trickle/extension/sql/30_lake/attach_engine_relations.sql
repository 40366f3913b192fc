-- Engine relations that do not depend on a stream table. The pseudo columns of a call are columns here.
create function pgtrickle_internal.attach_engine_relations() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  create foreign table if not exists pgtrickle_lake.describe (plan text, description text)
    server lake_engine options (schema_name 'engine', table_name 'describe');
  create foreign table if not exists pgtrickle_lake.ping (ok boolean, version text, started_at timestamptz, problem text)
    server lake_engine options (schema_name 'engine', table_name 'ping');
  create foreign table if not exists pgtrickle_lake.counters (files bigint, rows bigint, positions bigint, process_bytes bigint)
    server lake_engine options (schema_name 'engine', table_name 'counters');
  create foreign table if not exists pgtrickle_lake.seal (plan text, to_snapshot bigint, reads text, path text collate "C", row_count bigint)
    server lake_engine options (schema_name 'engine', table_name 'seal');
  create foreign table if not exists pgtrickle_lake.stored (folder text, path text collate "C")
    server lake_engine options (schema_name 'engine', table_name 'stored');
  -- Is never read: pgtrickle_rewind.run_repair() opens its connection to the lake by it, as its caller.
  create foreign table if not exists pgtrickle_rewind.lake_connection (nothing text) server lake;
  grant select on pgtrickle_rewind.lake_connection to pgtrickle_admin;
end
$$;
comment on function pgtrickle_internal.attach_engine_relations() is 'The foreign tables pgtrickle_lake.describe, pgtrickle_lake.ping, pgtrickle_lake.counters, pgtrickle_lake.seal, pgtrickle_lake.stored and pgtrickle_rewind.lake_connection.';
