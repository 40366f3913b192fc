-- A contradiction: the lake gives other rows at a past snapshot now than were published there. What is said of it, and when it refuses.

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
