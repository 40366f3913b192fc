-- FULL rebuilds at the frontier and leaves it there (so it is what follows an edit of the frontier, and mends damage);
-- DIFFERENTIAL advances to head.
create function pgtrickle.refresh(name text, mode text default 'DIFFERENTIAL') returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(refresh.name);
  v_mode text := pgtrickle_internal.checked_mode(refresh.mode);
  generation bigint;
  target bigint;
  result pgtrickle_internal.refreshes;
  evidence pgtrickle_internal.evidence;
begin
  perform pgtrickle_internal.authorise(v_id, 'refresh');
  perform pgtrickle_internal.check_adopted();
  select s.generation, case when v_mode = 'FULL' then s.frontier_snapshot end into generation, target
    from pgtrickle_internal.stream_tables s where s.id = v_id;
  if v_mode = 'DIFFERENTIAL' or target is null then
    perform pgtrickle_internal.check_not_held(v_id, 'advance');
    target := pgtrickle_internal.lake_head();
  end if;
  if v_mode = 'FULL' then
    evidence := pgtrickle_internal.recorded_evidence(v_id, target);
  end if;
  result := pgtrickle_internal.move_contents(v_id, target, initcap(v_mode), case v_mode when 'FULL' then 'Recompute' else 'Auto' end);
  perform pgtrickle_internal.publish(v_id, generation, target, v_mode = 'DIFFERENTIAL');
  perform pgtrickle_internal.warn_of_contradiction(v_id, result.id, evidence);
  return pgtrickle_internal.refresh_summary(result);
end
$$;
comment on function pgtrickle.refresh(text, text) is
  'FULL: rebuilds the stream table at its frontier''s snapshot, also while it is paused. DIFFERENTIAL: advances it to the newest snapshot.';
