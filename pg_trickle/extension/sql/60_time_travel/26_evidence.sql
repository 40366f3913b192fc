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
    where r.stream_table_id = p_id and r.outcome = 'Succeeded';
  if earlier = p_target or earlier is not null and pgtrickle_internal.is_unchanged(p_id, earlier, p_target) then
    return earlier;
  end if;
  return case when later is not null and pgtrickle_internal.is_unchanged(p_id, p_target, later) then later end;
end
$$;
comment on function pgtrickle_internal.evidence_snapshot(bigint, bigint) is
  'Snapshot of a publication at which the query gave the same as at the target: the target itself, else the nearest one; NULL: none.';

create function pgtrickle_internal.is_unchanged(p_id bigint, p_from bigint, p_to bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes record := pgtrickle_internal.source_changes(p_id, p_from, p_to);
begin
  return changes.is_readable and changes.snapshot_count = 0;
end
$$;
comment on function pgtrickle_internal.is_unchanged(bigint, bigint, bigint) is
  'Whether no source of a stream table changed in (from, to].';

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
      where l.stream_table_id = p_id and p.contents_after = at_snapshot);
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

-- A person who accepts the lake's word gets it also where Auto would take the journal's rows.
create function pgtrickle_internal.accepted_strategy(
  p_id bigint, p_target bigint, p_strategy text, p_is_accepted boolean, p_evidence pgtrickle_internal.evidence) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  allowed text := pgtrickle_internal.core_strategy(p_strategy);
begin
  if p_is_accepted and allowed = 'Auto' and p_evidence.is_past and pgtrickle_internal.snapshot_exists(p_target) then
    return 'Recompute';
  end if;
  return coalesce(allowed, p_strategy);
end
$$;
comment on function pgtrickle_internal.accepted_strategy(bigint, bigint, text, boolean, pgtrickle_internal.evidence) is
  'The strategy by which a rewind and its plan go, in the core''s words where it knows it.';

create function pgtrickle_internal.contradiction(
  p_evidence pgtrickle_internal.evidence, p_row_count bigint, p_fingerprint text, p_taken text default null,
  p_sample jsonb default null) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pgtrickle_internal.contradicts(p_evidence, p_fingerprint) then
    return null;
  end if;
  return jsonb_build_object(
      'recorded', jsonb_build_object('row_count', p_evidence.row_count, 'fingerprint', p_evidence.fingerprint,
        'refresh_id', p_evidence.refresh_id, 'at', p_evidence.recorded_at),
      'lake', jsonb_build_object('row_count', p_row_count, 'fingerprint', p_fingerprint))
    || jsonb_strip_nulls(jsonb_build_object('taken', p_taken, 'sample', p_sample));
end
$$;
comment on function pgtrickle_internal.contradiction(pgtrickle_internal.evidence, bigint, text, text, jsonb) is
  'Evidence against what the lake gives, for plans and results: recorded, lake, which was taken and, where the published rows are known, rows that differ; NULL: no contradiction.';

-- Two counts may be equal, and people do not read fingerprints.
create function pgtrickle_internal.contradiction_sample(p_published jsonb, p_lake jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_agg(jsonb_build_object('change', s.change, 'row', s.item) order by s.item::text collate "C", s.change)
  from (
    (select '-' as change, p.item from jsonb_array_elements(p_published) p (item) order by p.item::text collate "C" limit 2)
    union all
    (select '+', l.item from jsonb_array_elements(p_lake) l (item) order by l.item::text collate "C" limit 2)) s
$$;
comment on function pgtrickle_internal.contradiction_sample(jsonb, jsonb) is
  'A few rows that were published and the lake does not give (-), and that it gives instead (+).';

create function pgtrickle_internal.spoken_sample(p_contradiction jsonb, p_change text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select ', among them ' || left(min(s.item ->> 'row' collate "C"), 200)
  from jsonb_array_elements(p_contradiction -> 'sample') s (item) where s.item ->> 'change' = p_change
$$;
comment on function pgtrickle_internal.spoken_sample(jsonb, text) is 'The first row of one side of a contradiction, if any is known.';

create function pgtrickle_internal.spoken_contradiction(p_contradiction jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format('the lake gives %s row(s) now (fingerprint %s%s), and refresh %s published %s row(s) (fingerprint %s%s) there at %s',
    p_contradiction #>> '{lake,row_count}', p_contradiction #>> '{lake,fingerprint}',
    pgtrickle_internal.spoken_sample(p_contradiction, '+'),
    p_contradiction #>> '{recorded,refresh_id}', p_contradiction #>> '{recorded,row_count}',
    p_contradiction #>> '{recorded,fingerprint}', pgtrickle_internal.spoken_sample(p_contradiction, '-'),
    to_char((p_contradiction #>> '{recorded,at}')::timestamptz at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'));
end
$$;
comment on function pgtrickle_internal.spoken_contradiction(jsonb) is 'A contradiction in words.';

create function pgtrickle_internal.refuse_contradiction(
  p_id bigint, p_snapshot bigint, p_contradiction jsonb, p_is_in_journal boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_contradiction is not null then
    raise exception 'stream table % at snapshot %: %', pgtrickle_internal.qualified_name(p_id), p_snapshot,
        pgtrickle_internal.spoken_contradiction(p_contradiction)
      using errcode = 'TR022', detail = 'Nothing was published.',
        hint = case when p_is_in_journal then 'Strategy Journal brings back the rows that were published.'
            else 'The undo journal does not reach the rows that were published.' end
          || ' To take the lake''s word: accept_contradiction => true (in a StreamTableRewind: spec.acceptContradiction).';
  end if;
end
$$;
comment on function pgtrickle_internal.refuse_contradiction(bigint, bigint, jsonb, boolean) is
  'TR022 with both row counts and fingerprints, if there is a contradiction.';

-- For the reason of a refresh: what was found, and what was taken.
create function pgtrickle_internal.evidence_note(
  p_evidence pgtrickle_internal.evidence, p_fingerprint text, p_contradiction jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_contradiction is not null then
    return pgtrickle_internal.spoken_contradiction(p_contradiction) || case p_contradiction ->> 'taken'
      when 'lake' then '; the lake''s word was taken' else '; the published rows were taken' end;
  elsif p_evidence.is_past and p_evidence.fingerprint <> p_fingerprint then
    return format('refresh %s published other rows there (%s, fingerprint %s), but in another environment, so it is no contradiction: %s; now it is %s',
      p_evidence.refresh_id, p_evidence.row_count, p_evidence.fingerprint, p_evidence.other_environment,
      pgtrickle_internal.current_environment());
  end if;
  return null;
end
$$;
comment on function pgtrickle_internal.evidence_note(pgtrickle_internal.evidence, text, jsonb) is
  'What a refresh has to say about earlier evidence, or NULL.';

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

create function pgtrickle_internal.rows_after(p_row_type anyelement, p_id bigint, p_refresh bigint) returns setof anyelement
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute pgtrickle_internal.undo_rows_sql(p_id) using p_refresh;
end
$$;
comment on function pgtrickle_internal.rows_after(anyelement, bigint, bigint) is
  'The rows of a stream table as they were after a refresh, by the undo journal.';

create function pgtrickle_internal.compare_published_with_target(
  p_id bigint, p_snapshot bigint, p_after_refresh bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
  execute pgtrickle_internal.compare_rows_sql(pgtrickle_internal.target_rows_sql(p_id), (
      select format('select * from pgtrickle_internal.rows_after(null::%s, %L, %L)', s.layout ->> 'public', p_id, p_after_refresh)
      from pgtrickle_internal.stream_tables s where s.id = p_id))
    into row_count, expected_row_count, fingerprint, expected_fingerprint,
      missing_count, unexpected_count, missing, unexpected
    using pgtrickle_internal.plan_text(p_id), p_snapshot;
end
$$;
comment on function pgtrickle_internal.compare_published_with_target(bigint, bigint, bigint) is
  'The rows of a stream table as they were after a refresh, by the undo journal, against its query, recomputed by the lake engine at a snapshot.';
