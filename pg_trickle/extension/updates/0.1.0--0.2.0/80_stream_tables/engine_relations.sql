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
  perform pgtrickle_internal.attach_engine_relations();
  -- What is made in an extension's script belongs to the extension, and these belong to the server.
  alter extension pg_trickle drop foreign table pgtrickle_lake.counters;
  alter extension pg_trickle drop foreign table pgtrickle_lake.seal;
end
$$;
select pgtrickle_internal.update_engine_relations();
drop function pgtrickle_internal.update_engine_relations();
