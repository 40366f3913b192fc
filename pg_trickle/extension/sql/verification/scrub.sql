-- A scrub brings a stream table to the head of the lake and compares it there with its query. Another result is healed at once:
--   drift   the rows are those that were published, and not those of the query: some refresh was wrong;
--   damage  the rows are not those that were published: somebody changed them in spite of the guards, or the disk did.
-- Everything is one transaction and leaves as any publication does, so that readers see the old rows or the right ones, a pause
-- never waits, and whoever came between turns it into TR012.
--
-- Order of locks: the head's snapshot row (key share), state and public rows (only if the table is moved or healed), registry row
-- (publish()), at last the table's own row of scrubs.

-- A refresh that publishes between the looks at registry, fingerprint and rows would make right rows look wrong.
create function pgtrickle_internal.is_as_published(p_st pgtrickle_internal.stream_tables) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  refresh bigint := (select max(f.refresh_id) from pgtrickle_internal.fingerprints f where f.stream_table_id = p_st.id);
  compared record;
begin
  if refresh is null then
    return true;
  end if;
  compared := pgtrickle_internal.compare_with_fingerprint(p_st.id, refresh);
  if compared.fingerprint = compared.expected_fingerprint then
    return true;
  end if;
  perform pgtrickle_internal.check_not_superseded(p_st.id, p_st.generation);
  return false;
end
$$;
comment on function pgtrickle_internal.is_as_published(pgtrickle_internal.stream_tables) is
  'Whether the rows of a stream table are those of its last fingerprint; TR012 if it was refreshed meanwhile.';

-- The ordinary refresh. A hidden state that no longer fits its changes stops a delta, which is replaced by a recomputation and
-- counted as damage there, found early.
create function pgtrickle_internal.bring_to_head(p_st pgtrickle_internal.stream_tables, p_head bigint) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  moved pgtrickle_internal.refreshes;
begin
  if p_st.contents_snapshot = p_head and p_st.frontier_snapshot = p_head then
    return null;
  end if;
  moved := pgtrickle_internal.move_contents(p_st.id, p_head, 'Scheduled');
  return case when moved.is_mended then moved.reason end;
end
$$;
comment on function pgtrickle_internal.bring_to_head(pgtrickle_internal.stream_tables, bigint) is
  'Moves a stream table to head as its schedule does, without publishing; gives what its hidden state or rows did not allow, else NULL.';

create function pgtrickle_internal.heal(
  p_st pgtrickle_internal.stream_tables, p_head bigint, p_kind text, p_found text) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  refresh bigint;
  compared record;
  last_right text := (
    select format('; found right for the last time at snapshot %s, %s', c.snapshot_id, c.last_scrubbed_at)
    from pgtrickle_internal.scrubs c where c.stream_table_id = p_st.id and c.last_scrubbed_at is not null);
begin
  perform pgtrickle_internal.check_not_superseded(p_st.id, p_st.generation);
  refresh := (pgtrickle_internal.move_contents(p_st.id, p_head, 'Scrub', 'Full')).id;
  update pgtrickle_internal.refreshes r set reason = format('%s: %s', p_kind, p_found) || coalesce(last_right, '') where r.id = refresh;
  compared := pgtrickle_internal.compare_at_head(p_st.id, p_head);
  if compared.fingerprint is distinct from compared.expected_fingerprint or compared.hidden_count > 0 then
    perform pgtrickle_internal.check_not_superseded(p_st.id, p_st.generation);
    raise exception 'stream table % differs from its query at snapshot %, and differs again when it is rebuilt: % rows, the query gives %',
        pgtrickle_internal.qualified_name(p_st.id), p_head, compared.row_count, compared.expected_row_count
      using errcode = 'TR010', detail = p_found,
        hint = 'Nothing was changed. The lake engine does not give the same rows twice: look at its log, restart it, scrub again.';
  end if;
  return refresh;
end
$$;
comment on function pgtrickle_internal.heal(pgtrickle_internal.stream_tables, bigint, text, text) is
  'Rebuilds a stream table at head, with its history row, and compares it once more; gives the refresh, does not publish.';

create function pgtrickle_internal.record_scrub(
  p_id bigint, p_begun_at timestamptz, p_snapshot bigint, p_level text, p_kind text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  now_at timestamptz := clock_timestamp();
  took_ms numeric := extract(epoch from now_at - p_begun_at) * 1000;
  refresh bigint := (select max(r.id) from pgtrickle_internal.refreshes r where r.stream_table_id = p_id and r.outcome = 'Succeeded');
begin
  insert into pgtrickle_internal.scrubs as c (stream_table_id, begun_at, ended_at, duration_ms, last_scrubbed_at, snapshot_id, refresh_id,
      level, drift_count, damage_count, last_drift_at)
    values (p_id, p_begun_at, now_at, took_ms, now_at, p_snapshot, refresh, p_level,
      (p_kind is not distinct from 'drift')::integer, (p_kind is not distinct from 'damage')::integer,
      case when p_kind is not null then now_at end)
    on conflict (stream_table_id) do update set
      begun_at = excluded.begun_at, ended_at = excluded.ended_at, duration_ms = excluded.duration_ms,
      last_scrubbed_at = excluded.last_scrubbed_at, snapshot_id = excluded.snapshot_id, refresh_id = excluded.refresh_id,
      level = excluded.level, failure_count = 0, sqlstate = null, error = null,
      drift_count = c.drift_count + excluded.drift_count, damage_count = c.damage_count + excluded.damage_count,
      last_drift_at = coalesce(excluded.last_drift_at, c.last_drift_at);
end
$$;
comment on function pgtrickle_internal.record_scrub(bigint, timestamptz, bigint, text, text) is
  'Notes a scrub that ended with a right table; kind drift or damage if it had to be healed.';

create function pgtrickle_internal.scrub_table(p_id bigint, out kind text, out summary text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  begun_at timestamptz := clock_timestamp();
  st pgtrickle_internal.stream_tables;
  head bigint := pgtrickle_internal.lake_head();
  obstacle text;
  compared record;
  found text;
  level text := 'engine';
begin
  perform pgtrickle_internal.check_lake_version();
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  perform pgtrickle_internal.pin_snapshot(head);
  perform pgtrickle_internal.check_sources(p_id, head);
  perform pgtrickle_internal.check_files(p_id, head);
  kind := case when not pgtrickle_internal.is_as_published(st) then 'damage' end;
  obstacle := pgtrickle_internal.bring_to_head(st, head);
  compared := pgtrickle_internal.compare_at_head(p_id, head);
  kind := coalesce(kind, case when obstacle is not null then 'damage'
    when compared.fingerprint is distinct from compared.expected_fingerprint or compared.hidden_count > 0 then 'drift' end);
  found := case when obstacle is not null
    then format('its refresh from snapshot %s to %s was not possible: %s', st.contents_snapshot, head, obstacle)
    else format('%s rows at snapshot %s, the query gives %s; %s missing, %s unexpected', compared.row_count, head,
      compared.expected_row_count, compared.missing_count, compared.unexpected_count)
    || case when compared.hidden_count > 0 then format(', %s different in the hidden state', compared.hidden_count) else '' end end;
  if kind is not null then
    perform pgtrickle_internal.heal(st, head, kind, found);
  end if;
  if pgtrickle_internal.check_by_source_rows(st, head) then
    level := 'rows';
  end if;
  if kind is not null or st.contents_snapshot is distinct from head or st.frontier_snapshot is distinct from head then
    perform pgtrickle_internal.publish(p_id, st.generation, head, true);
  end if;
  -- What stopped the refresh has been counted by it.
  perform pgtrickle_internal.record_scrub(p_id, begun_at, head, level, case when obstacle is null then kind end);
  summary := format('%s: %s, level %s, %s ms', pgtrickle_internal.qualified_name(p_id),
    coalesce(kind || ' healed: ' || found, format('%s rows at snapshot %s, as the query gives them', compared.row_count, head)),
    level, round(extract(epoch from clock_timestamp() - begun_at) * 1000));
exception when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
  raise exception 'the lake engine cannot be reached: %', sqlerrm
    using errcode = 'TR014', hint = 'Nothing was changed. A scheduled table is scrubbed again by itself.';
end
$$;
comment on function pgtrickle_internal.scrub_table(bigint) is
  'Brings a stream table to head, compares, heals and publishes; kind: NULL (it was right), drift or damage.';
