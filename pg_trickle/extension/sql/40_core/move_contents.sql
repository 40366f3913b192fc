-- Brings the rows to a snapshot and writes the history; what others see changes only with the caller's publish() and commit.
create function pgtrickle_internal.move_contents(
  p_id bigint, p_target bigint, p_action text, p_allowed text default 'Auto')
returns pgtrickle_internal.refreshes
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  way record;
  refresh pgtrickle_internal.refreshes;
  counts record;
begin
  perform pgtrickle_internal.take_turn(p_id);
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  way := pgtrickle_internal.choose_way(p_id, p_target, p_allowed);
  refresh.id := nextval('pgtrickle_internal.refreshes_id_seq');
  refresh.started_at := clock_timestamp();
  begin
    counts := pgtrickle_internal.apply_way(st, way.strategy, p_target, refresh.id, way.snapshots, way.boundary_refresh,
      p_allowed = 'Recompute');
  exception
    when unique_violation or data_corrupted then
      -- Rows that another refresh changed first look like that.
      perform pgtrickle_internal.check_not_superseded(p_id, st.generation);
      raise;
    when program_limit_exceeded then
      raise exception 'a row of stream table % does not fit: %', pgtrickle_internal.qualified_name(p_id), sqlerrm
        using errcode = '54000', hint = 'A group key has an index, which takes about 2,700 bytes. Group by a shorter expression, or delete the rows with such keys from the lake.';
    when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception then
      raise exception 'the lake engine cannot be reached: %', sqlerrm
        using errcode = 'TR014', hint = 'Nothing was changed. It is tried again by itself where there is a schedule; a rewind to the end of an earlier refresh works without it.';
  end;
  insert into pgtrickle_internal.refreshes (id, stream_table_id, action, strategy, reason, from_snapshot, to_snapshot,
      contents_before, contents_after, snapshots_read, estimated_ms, rows_removed, rows_added, is_journaled, requested_by, started_at)
    overriding system value
    values (refresh.id, p_id, p_action, way.strategy, way.reason, st.frontier_snapshot, p_target,
      st.contents_snapshot, p_target, case when way.strategy = 'Delta' then way.snapshot_count else 0 end, way.estimated_ms,
      counts.rows_removed, counts.rows_added, st.contents_snapshot is not null and way.strategy <> 'Nothing',
      pgtrickle_internal.caller(), refresh.started_at)
    returning * into refresh;
  return refresh;
end
$$;
comment on function pgtrickle_internal.move_contents(bigint, bigint, text, text) is
  'Brings the rows of a stream table to a snapshot by the cheapest allowed way, with journal and history; does not publish.';
