-- Everything of a rewind of one table but its publication. Auto does not end at a journal that leads to other rows than
-- were published (somebody damaged the table, and a FULL refresh recorded its mending as a change): it recomputes, and says so.
create function pgtrickle_internal.stage_rewind_of(
  p_id bigint, p_snapshot bigint, p_strategy text, p_action text, p_is_proof_wanted boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  generation bigint := pgtrickle_internal.generation(p_id);
  allowed text := pgtrickle_internal.core_strategy(p_strategy);
  way record := pgtrickle_internal.choose_rewind(p_id, p_snapshot, p_strategy);
  earlier bigint;
  refresh bigint;
  verified pgtrickle.verification;
  problem text;
begin
  perform pgtrickle_internal.check_held(p_id);
  if way.strategy in ('Journal', 'Nothing') then
    begin
      if way.strategy = 'Journal' then
        refresh := pgtrickle_internal.undo_to(p_id, p_snapshot, p_action, way.boundary_snapshot, way.reason);
      else
        refresh := (pgtrickle_internal.move_contents(p_id, p_snapshot, p_action, allowed)).id;
        way.boundary_refresh := (
          select max(f.refresh_id) from pgtrickle_internal.fingerprints f where f.stream_table_id = p_id);
      end if;
      verified := pgtrickle_internal.checked_boundary(p_id, p_snapshot, way.boundary_refresh, p_is_proof_wanted);
    exception when sqlstate 'TR010' or data_corrupted or internal_error then
      if allowed <> 'Auto' then
        raise;
      end if;
      refresh := null;
      problem := format('recomputed, since the rows were not those that were published: %s', sqlerrm);
      allowed := 'Recompute';
    end;
  end if;
  if refresh is null then
    -- before the move, which is itself a refresh that ends there
    earlier := pgtrickle_internal.journal_boundary(p_id, pgtrickle_internal.boundary_snapshot(p_id, p_snapshot));
    refresh := (pgtrickle_internal.move_contents(p_id, p_snapshot, p_action, allowed)).id;
    update pgtrickle_internal.refreshes r set reason = problem where r.id = refresh and problem is not null;
    verified := pgtrickle_internal.checked_recompute(p_id, p_snapshot, earlier);
  end if;
  perform pgtrickle_internal.stage(p_id, refresh, generation, p_snapshot, verified);
end
$$;
comment on function pgtrickle_internal.stage_rewind_of(bigint, bigint, text, text, boolean) is
  'Puts the rows of a stream table at a snapshot and verifies them; finish_moves() publishes them, or nobody.';
