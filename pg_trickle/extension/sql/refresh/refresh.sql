-- A refresh by hand: refresh(), reinitialize(), and the first one of a new stream table.

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
  result := pgtrickle_internal.move_contents(v_id, target, initcap(v_mode), case v_mode when 'FULL' then 'Full' else 'Auto' end);
  perform pgtrickle_internal.publish(v_id, generation, target, v_mode = 'DIFFERENTIAL');
  perform pgtrickle_internal.warn_of_contradiction(v_id, result.id, evidence);
  return pgtrickle_internal.refresh_summary(result);
end
$$;
comment on function pgtrickle.refresh(text, text) is
  'FULL: rebuilds the stream table at its frontier''s snapshot, also while it is paused. DIFFERENTIAL: advances it to the newest snapshot.';
grant execute on function pgtrickle.refresh(text, text) to pgtrickle_admin;

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
  result := pgtrickle_internal.move_contents(v_id, target, 'Reinitialize', 'Full');
  perform pgtrickle_internal.publish(v_id, generation, target, true);
  return pgtrickle_internal.refresh_summary(result);
end
$$;
comment on function pgtrickle.reinitialize(text) is 'Recomputes a stream table at the newest snapshot, whatever its frontier and rows are.';
grant execute on function pgtrickle.reinitialize(text) to pgtrickle_admin;

create function pgtrickle_internal.populate(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  generation bigint := pgtrickle_internal.generation(p_id);
  head bigint := pgtrickle_internal.lake_head();
begin
  perform pgtrickle_internal.move_contents(p_id, head, 'Initial');
  perform pgtrickle_internal.publish(p_id, generation, head);
  execute (select format('analyze %s, %s', s.layout ->> 'public', s.layout ->> 'base') from pgtrickle_internal.stream_tables s where s.id = p_id);
exception when sqlstate 'TR014' then
  raise notice 'stream table % is created, but not filled yet: %. The scheduler will populate it',
    pgtrickle_internal.qualified_name(p_id), sqlerrm;
end
$$;
comment on function pgtrickle_internal.populate(bigint) is 'First rows of a stream table, at head; left to the scheduler if the engine is gone.';

create function pgtrickle_internal.checked_mode(p_mode text) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(upper(p_mode), '') not in ('FULL', 'DIFFERENTIAL') then
    raise exception 'mode % is not known', coalesce(quote_literal(p_mode), 'NULL')
      using errcode = 'TR021', hint = 'Modes: DIFFERENTIAL (by changes where that is cheaper), FULL (always recomputed).';
  end if;
  return upper(p_mode);
end
$$;
comment on function pgtrickle_internal.checked_mode(text) is 'FULL or DIFFERENTIAL, else TR021.';
