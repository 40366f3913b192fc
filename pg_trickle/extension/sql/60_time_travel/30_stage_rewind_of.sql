-- Everything of a rewind of one table but its publication.
create function pgtrickle_internal.stage_rewind_of(
  p_id bigint, p_snapshot bigint, p_strategy text, p_action text, p_is_proof_wanted boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  generation bigint := pgtrickle_internal.generation(p_id);
  way record := pgtrickle_internal.choose_rewind(p_id, p_snapshot, p_strategy);
  refresh pgtrickle_internal.refreshes;
  verified pgtrickle.verification;
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
    verified := pgtrickle_internal.checked_boundary(p_id, p_snapshot, way.boundary_refresh, p_is_proof_wanted);
  else
    refresh := pgtrickle_internal.move_contents(p_id, p_snapshot, p_action, pgtrickle_internal.core_strategy(p_strategy));
    verified := pgtrickle_internal.checked_rows(p_id, p_snapshot, 'engine', null);
  end if;
  perform pgtrickle_internal.stage(p_id, refresh.id, generation, p_snapshot, verified);
end
$$;
comment on function pgtrickle_internal.stage_rewind_of(bigint, bigint, text, text, boolean) is
  'Puts the rows of a stream table at a snapshot and verifies them; finish_moves() publishes them, or nobody.';
