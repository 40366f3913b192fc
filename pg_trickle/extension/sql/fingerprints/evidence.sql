-- Evidence: which rows were published at a snapshot, as their fingerprint tells. The lake's past may change afterwards (DuckLake dates
-- deletions back, lists them twice after a flush, loses them with a merge), and then the rows that people saw are not those that
-- the lake gives now. Neither is silently preferred: the journal's rows are taken where it reaches them, and the lake's word only
-- if a person accepts it. A difference at the head of the lake is no evidence but drift: there the lake is right.

create type pgtrickle_internal.evidence as (
  refresh_id bigint,
  row_count bigint,
  fingerprint text,
  recorded_at timestamptz,
  -- the snapshot is not the lake's head
  is_past boolean,
  -- NULL: the environment of today
  other_environment text
);
comment on type pgtrickle_internal.evidence is 'What was recorded when the rows of a stream table at a snapshot were published last.';

create function pgtrickle_internal.evidence_snapshot(p_id bigint, p_target bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  earlier bigint;
  later bigint;
begin
  select max(r.contents_after) filter (where r.contents_after <= p_target),
      min(r.contents_after) filter (where r.contents_after > p_target)
    into earlier, later
    from pgtrickle_internal.refreshes r
    join pgtrickle_internal.fingerprints f on f.refresh_id = r.id
    join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
    where r.stream_table_id = p_id and r.outcome = 'Succeeded'
      -- what another query gave is no evidence
      and r.id >= coalesce(s.definition_refresh, 0);
  if earlier = p_target or earlier is not null and pgtrickle_internal.is_unchanged(p_id, earlier, p_target) then
    return earlier;
  end if;
  return case when later is not null and pgtrickle_internal.is_unchanged(p_id, p_target, later) then later end;
end
$$;
comment on function pgtrickle_internal.evidence_snapshot(bigint, bigint) is
  'Snapshot of a publication at which the query gave the same as at the target: the target itself, else the nearest one; NULL: none.';

create function pgtrickle_internal.recorded_evidence(p_id bigint, p_target bigint) returns pgtrickle_internal.evidence
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  result pgtrickle_internal.evidence;
  at_snapshot bigint := pgtrickle_internal.evidence_snapshot(p_id, p_target);
begin
  select f.refresh_id, f.row_count, pgtrickle_internal.fingerprint(f.row_count, f.hash_sum), r.finished_at,
      p_target < pgtrickle_internal.lake_head(), nullif(e.description, pgtrickle_internal.current_environment())
    into result
    from pgtrickle_internal.fingerprints f
    join pgtrickle_internal.refreshes r on r.id = f.refresh_id
    left join pgtrickle_internal.environments e on e.id = f.environment_id
    where f.refresh_id = (
      select max(l.refresh_id) from pgtrickle_internal.fingerprints l
      join pgtrickle_internal.refreshes p on p.id = l.refresh_id
      join pgtrickle_internal.stream_tables s on s.id = l.stream_table_id
      where l.stream_table_id = p_id and p.contents_after = at_snapshot and p.id >= coalesce(s.definition_refresh, 0));
  return result;
end
$$;
comment on function pgtrickle_internal.recorded_evidence(bigint, bigint) is
  'The latest evidence of the rows of a stream table at a snapshot; NULLs: nothing was published there.';

create function pgtrickle_internal.contradicts(p_evidence pgtrickle_internal.evidence, p_fingerprint text) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(p_evidence.is_past and p_evidence.other_environment is null and p_evidence.fingerprint <> p_fingerprint, false)
$$;
comment on function pgtrickle_internal.contradicts(pgtrickle_internal.evidence, text) is
  'Whether rows with this fingerprint contradict the evidence; those of another environment do not.';

-- Who rebuilds a table where it stands asks for the lake's rows; they get them, and are told what these replace.
create function pgtrickle_internal.warn_of_contradiction(
  p_id bigint, p_refresh bigint, p_evidence pgtrickle_internal.evidence) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  published record;
  found_contradiction jsonb;
begin
  select f.row_count, pgtrickle_internal.fingerprint(f.row_count, f.hash_sum) as fingerprint into published
    from pgtrickle_internal.fingerprints f where f.refresh_id = p_refresh;
  found_contradiction := pgtrickle_internal.contradiction(p_evidence, published.row_count, published.fingerprint, 'lake');
  if found_contradiction is not null then
    raise warning 'stream table % was rebuilt: %', pgtrickle_internal.qualified_name(p_id),
        pgtrickle_internal.spoken_contradiction(found_contradiction)
      using hint = 'Strategy Journal of pgtrickle.rewind() brings back the rows that were published.';
  end if;
  perform pgtrickle_internal.add_reason(p_refresh, null,
    pgtrickle_internal.evidence_note(p_evidence, published.fingerprint, found_contradiction));
end
$$;
comment on function pgtrickle_internal.warn_of_contradiction(bigint, bigint, pgtrickle_internal.evidence) is
  'Says that a FULL refresh has published other rows than an earlier one at that snapshot.';
