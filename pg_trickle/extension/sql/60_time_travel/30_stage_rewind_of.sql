-- Everything of a rewind of one table but its publication.
create function pgtrickle_internal.stage_rewind_of(p_id bigint, p_snapshot bigint, p_strategy text, p_action text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  generation bigint := pgtrickle_internal.generation(p_id);
  way record := pgtrickle_internal.choose_rewind(p_id, p_snapshot, p_strategy);
  refresh pgtrickle_internal.refreshes;
  level text := 'engine';
begin
  if cardinality(pgtrickle_internal.holders(p_id)) = 0 then
    raise exception 'stream table % is not paused', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR007',
        hint = format('select pgtrickle.pause_scheduler(array[%L]);', pgtrickle_internal.qualified_name(p_id));
  end if;
  if way.strategy = 'Journal' then
    refresh := pgtrickle_internal.move_contents(p_id, way.boundary_snapshot, p_action, 'Journal');
    update pgtrickle_internal.refreshes r
      set to_snapshot = p_snapshot, contents_after = p_snapshot, reason = way.reason where r.id = refresh.id;
    -- needs no engine: the rows must be, bit for bit, those that were published at the boundary
    if exists (select from pgtrickle_internal.fingerprints f where f.refresh_id = way.boundary_refresh) then
      level := 'fingerprint';
    end if;
  else
    refresh := pgtrickle_internal.move_contents(p_id, p_snapshot, p_action, pgtrickle_internal.core_strategy(p_strategy));
  end if;
  perform pgtrickle_internal.stage(p_id, refresh.id, generation, p_snapshot,
    pgtrickle_internal.checked_rows(p_id, p_snapshot, level, way.boundary_refresh));
end
$$;
comment on function pgtrickle_internal.stage_rewind_of(bigint, bigint, text, text) is
  'Puts the rows of a stream table at a snapshot and verifies them; finish_moves() publishes them, or nobody.';
