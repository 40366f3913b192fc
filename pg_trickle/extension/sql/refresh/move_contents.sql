-- Brings the rows to a snapshot and writes the history; what others see changes only with the caller's publish() and commit.
create function pgtrickle_internal.move_contents(
  p_id bigint, p_target bigint, p_action text, p_strategy text default 'Auto')
returns pgtrickle_internal.refreshes
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  choice record;
  refresh pgtrickle_internal.refreshes;
  move record;
  problem text;
  is_damaged boolean := false;
begin
  perform pgtrickle_internal.take_move(p_id);
  if p_strategy <> 'Journal' then
    perform pgtrickle_internal.check_lake_version();
  end if;
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  choice := pgtrickle_internal.choose_strategy(p_id, p_target, p_strategy);
  refresh.id := nextval('pgtrickle_internal.refreshes_id_seq');
  refresh.started_at := clock_timestamp();
  if choice.strategy = 'Delta' and p_strategy <> 'Delta' then
    begin
      move := pgtrickle_internal.try_strategy(st, choice.strategy, p_target, refresh.id, choice.reads, choice.restore_point, false);
    exception
      when query_canceled or sqlstate 'TR012' or sqlstate 'TR014' then
        raise;
      -- No row for a change, two rows for a group, fewer rows in a group than are to go.
      when unique_violation or check_violation or data_corrupted then
        problem := format('%s (%s)', sqlerrm, sqlstate);
        is_damaged := true;
      when others then
        -- A row whose value a delta cannot compute may be gone at the target, and a file that it needs may be gone from the lake.
        problem := format('%s (%s)', sqlerrm, sqlstate);
    end;
    if problem is not null then
      choice.strategy := 'Full';
      choice.reason := format('recomputed, since the delta failed: %s', problem);
    end if;
  end if;
  if move is null then
    move := pgtrickle_internal.try_strategy(st, choice.strategy, p_target, refresh.id, choice.reads, choice.restore_point,
      p_strategy = 'Full' or problem is not null);
  end if;
  insert into pgtrickle_internal.refreshes (id, stream_table_id, action, strategy, reason, from_snapshot, to_snapshot,
      contents_before, contents_after, manifest_ids, snapshots_read, files_read, estimated_ms, rows_removed, rows_added, is_journaled,
      is_mended, requested_by, started_at)
    overriding system value
    values (refresh.id, p_id, p_action, choice.strategy, choice.reason, st.frontier_snapshot, p_target,
      st.contents_snapshot, p_target, move.manifest_ids, case when choice.strategy = 'Delta' then choice.snapshot_count else 0 end,
      case when choice.strategy = 'Delta' then (pgtrickle_internal.total_reads(choice.reads)).file_count else 0 end, choice.estimated_ms,
      move.rows_removed, move.rows_added, st.contents_snapshot is not null and choice.strategy <> 'Nothing',
      is_damaged, pgtrickle_internal.caller(), refresh.started_at)
    returning * into refresh;
  if is_damaged then
    perform pgtrickle_internal.note_damage(p_id);
  end if;
  return refresh;
end
$$;
comment on function pgtrickle_internal.move_contents(bigint, bigint, text, text) is
  'Brings the rows of a stream table to a snapshot by the cheapest allowed strategy, with journal and history; does not publish. A delta that fails is replaced by a recomputation, and only what fails there too is an error.';

-- One strategy, sealed, and what it consumed. All or nothing: what it has written goes with an error.
create function pgtrickle_internal.try_strategy(
  p_st pgtrickle_internal.stream_tables, p_strategy text, p_target bigint, p_refresh bigint,
  p_reads pgtrickle_internal.delta_reads[], p_restore_point bigint, p_is_rebuild boolean,
  out rows_removed bigint, out rows_added bigint, out manifest_ids bigint[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  states pgtrickle_internal.lake_state[];
begin
  if p_strategy = 'Full' then
    states := pgtrickle_internal.source_states(p_st.id, p_target);
  end if;
  select w.rows_removed, w.rows_added into rows_removed, rows_added
    from pgtrickle_internal.apply_strategy(p_st, p_strategy, p_target, p_refresh, p_reads, p_restore_point, p_is_rebuild) w;
  -- The parts of a source that changes touch are read as a recomputation reads.
  if p_strategy = 'Delta' and p_st.layout #>> '{top,delta,kind}' = 'keyed' then
    perform pgtrickle_internal.check_seals(p_st, array(select r.state from unnest(p_reads) with ordinality as r order by r.ordinality), p_target);
  end if;
  manifest_ids := case p_strategy
    when 'Full' then pgtrickle_internal.sealed_states(p_st, states, p_target)
    when 'Delta' then pgtrickle_internal.record_manifests(p_reads, p_st.manifest_ids)
    when 'Journal' then (select r.manifest_ids from pgtrickle_internal.refreshes r where r.id = p_restore_point)
    -- The same rows in other files.
    when 'Nothing' then case when not exists (select from unnest(p_reads) r where cardinality(r.changes) > 0) then p_st.manifest_ids
      else coalesce(pgtrickle_internal.record_manifests(p_reads, p_st.manifest_ids), p_st.manifest_ids) end
  end;
exception
  when unique_violation or data_corrupted then
    -- Rows that another refresh changed first look like that.
    perform pgtrickle_internal.check_not_superseded(p_st.id, p_st.generation);
    raise;
  when configuration_limit_exceeded then
    raise exception 'PostgreSQL runs the query of stream table %, and it needs too much room for temporary files: %', pgtrickle_internal.qualified_name(p_st.id), sqlerrm
      using errcode = '53400', hint = format('Filter or group in the query, so that less is kept; or raise the setting query_temp_file_mb and give the query again: select pgtrickle.alter_stream_table(%L, query => ''…'');',
        pgtrickle_internal.qualified_name(p_st.id));
  when program_limit_exceeded then
    raise exception 'a row of stream table % does not fit: %', pgtrickle_internal.qualified_name(p_st.id), sqlerrm
      using errcode = '54000', hint = 'A group key may have about 2,700 bytes, because it is indexed. Group by a shorter expression, or delete the rows with such keys from the lake.';
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013' then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Nothing was changed. It is tried again by itself where there is a schedule; a rewind to the end of an earlier refresh works without it.';
end
$$;
comment on function pgtrickle_internal.try_strategy(pgtrickle_internal.stream_tables, text, bigint, bigint, pgtrickle_internal.delta_reads[], bigint, boolean) is
  'apply_strategy(), the seal of what was read, and the manifest of what was consumed.';
