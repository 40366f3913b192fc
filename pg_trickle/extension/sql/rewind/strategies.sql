-- The strategies that a rewind may be asked for, and the one that it goes by.

create function pgtrickle_internal.known_strategy(p_strategy text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case lower(p_strategy)
    when 'auto' then 'Auto' when 'full' then 'Full' when 'recompute' then 'Full' when 'journal' then 'Journal' end;
end
$$;
comment on function pgtrickle_internal.known_strategy(text) is
  'A strategy that a rewind may be asked for, as it is written everywhere, or NULL. Recompute is what 0.1.0 called Full.';

create function pgtrickle_internal.check_acceptance(p_strategy text, p_is_accepted boolean) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_is_accepted and pgtrickle_internal.known_strategy(p_strategy) = 'Journal' then
    raise exception 'strategy Journal takes the rows that were published, accept_contradiction those of the lake'
      using errcode = 'TR021', hint = 'Use one of them: Journal, or Auto or Full with accept_contradiction.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_acceptance(text, boolean) is 'TR021 for strategy Journal with accept_contradiction.';

-- Auto prefers the journal: it reads nothing from the lake and costs what it changes. Else the cheapest other one.
create function pgtrickle_internal.choose_rewind(
  p_id bigint, p_target bigint, p_strategy text,
  out strategy text, out reason text, out estimated_ms numeric, out restore_point_snapshot_id bigint, out restore_point bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  allowed text := pgtrickle_internal.known_strategy(p_strategy);
  contents bigint := (select s.contents_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id);
  choice record;
begin
  if allowed is null then
    raise exception 'strategy % is not known', coalesce(quote_literal(p_strategy), 'NULL')
      using errcode = 'TR021', hint = 'Strategies: Auto, Full (recomputed from the lake), Journal (undone refresh by refresh, without the lake).';
  end if;
  if allowed <> 'Full' and contents is distinct from p_target then
    restore_point_snapshot_id := pgtrickle_internal.restore_point_snapshot_id(p_id, p_target);
  end if;
  if restore_point_snapshot_id is not null and restore_point_snapshot_id <> contents then
    choice := pgtrickle_internal.choose_strategy(p_id, restore_point_snapshot_id, 'Journal');
    restore_point := choice.restore_point;
  else
    restore_point_snapshot_id := null;
    choice := pgtrickle_internal.choose_strategy(p_id, p_target, allowed);
    -- the rows are there already: what was published last proves them, and no file is needed
    if choice.strategy = 'Nothing' and allowed <> 'Full' then
      restore_point := (select max(f.refresh_id) from pgtrickle_internal.fingerprints f where f.stream_table_id = p_id);
    end if;
  end if;
  strategy := choice.strategy;
  reason := case choice.strategy when 'Journal' then 'undoes the later refreshes, without the lake' else choice.reason end
    || case when restore_point_snapshot_id <> p_target then format('; no source changed between %s and %s',
           least(restore_point_snapshot_id, p_target), greatest(restore_point_snapshot_id, p_target)) else '' end;
  estimated_ms := choice.estimated_ms;
end
$$;
comment on function pgtrickle_internal.choose_rewind(bigint, bigint, text) is
  'The strategy that a rewind goes by, and for the journal and for Nothing the refresh whose rows it leads to.';

-- A person who accepts the lake's word gets it also where Auto would take the journal's rows.
create function pgtrickle_internal.accepted_strategy(
  p_id bigint, p_target bigint, p_strategy text, p_is_accepted boolean, p_evidence pgtrickle_internal.evidence) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  allowed text := pgtrickle_internal.known_strategy(p_strategy);
begin
  if p_is_accepted and allowed = 'Auto' and p_evidence.is_past and pgtrickle_internal.snapshot_exists(p_target) then
    return 'Full';
  end if;
  return coalesce(allowed, p_strategy);
end
$$;
comment on function pgtrickle_internal.accepted_strategy(bigint, bigint, text, boolean, pgtrickle_internal.evidence) is
  'The strategy from which a rewind and its plan go: as it is known, else as it was given.';
