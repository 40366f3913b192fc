-- A rewind but for its publication: of one table, then of several.

-- Everything of a rewind of one table but its publication. Auto does not end at a journal that leads to other rows than
-- were published (somebody damaged the table, and a FULL refresh recorded its mending as a change): it recomputes, and says so.
-- What the lake gives against the evidence is published only if a person accepts it: then it is asked first.
create function pgtrickle_internal.stage_rewind_of(
  p_id bigint, p_snapshot bigint, p_strategy text, p_action text, p_is_proof_wanted boolean, p_is_accepted boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  generation bigint;
  allowed text;
  evidence pgtrickle_internal.evidence;
  -- where the journal has the rows that were published
  restore_point bigint;
  choice record;
  refresh bigint;
  checked record;
  problem text;
begin
  perform pgtrickle_internal.take_move(p_id);
  generation := pgtrickle_internal.generation(p_id);
  perform pgtrickle_internal.check_held(p_id);
  -- A rewind by journal that nobody wants proof of needs none of it. What is staged here has no fingerprint yet, so it is no evidence.
  if p_is_accepted or p_is_proof_wanted then
    evidence := pgtrickle_internal.recorded_evidence(p_id, p_snapshot);
  end if;
  allowed := pgtrickle_internal.accepted_strategy(p_id, p_snapshot, p_strategy, p_is_accepted, evidence);
  choice := pgtrickle_internal.choose_rewind(p_id, p_snapshot, allowed);
  if choice.strategy in ('Journal', 'Nothing') then
    begin
      if choice.strategy = 'Journal' then
        refresh := pgtrickle_internal.undo_to(p_id, p_snapshot, p_action, choice.restore_point_snapshot_id, choice.reason);
      else
        refresh := (pgtrickle_internal.move_contents(p_id, p_snapshot, p_action, allowed)).id;
      end if;
      checked := pgtrickle_internal.checked_restore(p_id, p_snapshot, choice.restore_point, p_is_proof_wanted, evidence);
    exception when sqlstate 'TR010' or data_corrupted or internal_error then
      if allowed <> 'Auto' then
        raise;
      end if;
      refresh := null;
      problem := format('recomputed, since the rows were not those that were published: %s', sqlerrm);
      allowed := 'Full';
    end;
  end if;
  if refresh is null then
    evidence := pgtrickle_internal.recorded_evidence(p_id, p_snapshot);
    -- before the move, which is itself a refresh that ends there
    restore_point := pgtrickle_internal.restore_point(p_id, pgtrickle_internal.restore_point_snapshot_id(p_id, p_snapshot));
    refresh := (pgtrickle_internal.move_contents(p_id, p_snapshot, p_action, allowed)).id;
    checked := pgtrickle_internal.checked_recompute(p_id, p_snapshot, evidence, restore_point);
    if not p_is_accepted then
      perform pgtrickle_internal.refuse_contradiction(p_id, p_snapshot, checked.contradiction, restore_point is not null);
    end if;
  end if;
  perform pgtrickle_internal.stage(p_id, refresh, generation, p_snapshot, checked.verified, checked.contradiction);
  perform pgtrickle_internal.add_reason(refresh, problem,
    pgtrickle_internal.evidence_note(evidence, (checked.verified).fingerprint, checked.contradiction));
end
$$;
comment on function pgtrickle_internal.stage_rewind_of(bigint, bigint, text, text, boolean, boolean) is
  'Puts the rows of a stream table at a snapshot and verifies them; finish_moves() publishes them, or nobody.';

create function pgtrickle_internal.undo_to(
  p_id bigint, p_snapshot bigint, p_action text, p_restore_point_snapshot_id bigint, p_reason text) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  refresh bigint := (pgtrickle_internal.move_contents(p_id, p_restore_point_snapshot_id, p_action, 'Journal')).id;
begin
  update pgtrickle_internal.refreshes r
    set to_snapshot = p_snapshot, contents_after = p_snapshot, reason = p_reason
    where r.id = refresh;
  return refresh;
end
$$;
comment on function pgtrickle_internal.undo_to(bigint, bigint, text, bigint, text) is
  'Undoes the refreshes after a restore point at which the rows were those of the snapshot; gives the refresh.';

create function pgtrickle_internal.stage_rewind(p_ids bigint[], p_snapshot bigint, p_strategy text, p_action text default 'Rewind',
  p_is_proof_wanted boolean default false, p_is_accepted boolean default false)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  id bigint;
begin
  perform pgtrickle_internal.check_acceptance(p_strategy, p_is_accepted);
  perform pgtrickle_internal.check_adopted();
  foreach id in array p_ids loop
    perform pgtrickle_internal.authorise(id, 'rewind');
    perform pgtrickle_internal.stage_rewind_of(id, p_snapshot, p_strategy, p_action, p_is_proof_wanted, p_is_accepted);
  end loop;
exception
  when data_exception or cardinality_violation then
    perform pgtrickle_internal.refuse_query_failure(lower(p_action), id, p_snapshot, sqlstate, sqlerrm);
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Nothing was changed. Strategy Journal reaches the snapshots of earlier refreshes without the engine.';
end
$$;
comment on function pgtrickle_internal.stage_rewind(bigint[], bigint, text, text, boolean, boolean) is
  'Puts stream tables at one snapshot, verified, without publishing.';
