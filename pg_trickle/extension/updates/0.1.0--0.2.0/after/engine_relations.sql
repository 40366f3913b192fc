-- The foreign tables through which the engine is asked, where a lake is attached. Nothing is asked of it here: it may be down.
create function pgtrickle_internal.update_engine_relations() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('pgtrickle_lake.ping') is null then
    return;
  end if;
  alter foreign table pgtrickle_lake.ping add column problem text;
  -- As attach_engine_relations() makes them, which an extension's script may not call where a part of them is there already.
  create foreign table pgtrickle_lake.counters (files bigint, rows bigint, positions bigint, process_bytes bigint)
    server lake_engine options (schema_name 'engine', table_name 'counters');
  create foreign table pgtrickle_lake.seal (plan text, to_snapshot bigint, reads text, path text collate "C", row_count bigint)
    server lake_engine options (schema_name 'engine', table_name 'seal');
  create foreign table pgtrickle_lake.stored (folder text, path text collate "C")
    server lake_engine options (schema_name 'engine', table_name 'stored');
  create foreign table pgtrickle_lake.create_table (definition text, made boolean, columns text)
    server lake_engine options (schema_name 'engine', table_name 'create_table');
end
$$;
select pgtrickle_internal.update_engine_relations();
drop function pgtrickle_internal.update_engine_relations();
