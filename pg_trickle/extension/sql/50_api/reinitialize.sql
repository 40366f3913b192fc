create function pgtrickle.reinitialize(name text) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(reinitialize.name);
  generation bigint := pgtrickle_internal.generation(v_id);
  target bigint;
  result pgtrickle_internal.refreshes;
begin
  perform pgtrickle_internal.authorise(v_id, 'reinitialize');
  perform pgtrickle_internal.check_adopted();
  perform pgtrickle_internal.check_not_held(v_id, 'advance');
  target := pgtrickle_internal.lake_head();
  result := pgtrickle_internal.move_contents(v_id, target, 'Reinitialize', 'Recompute');
  perform pgtrickle_internal.publish(v_id, generation, target, true);
  return pgtrickle_internal.refresh_summary(result);
end
$$;
comment on function pgtrickle.reinitialize(text) is 'Recomputes a stream table at the newest snapshot, whatever its frontier and rows are.';
