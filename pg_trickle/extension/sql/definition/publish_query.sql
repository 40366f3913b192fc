-- How another query publishes: registry and history move with its rows, if nobody has paused, resumed or moved the stream table since.

-- Readers wait from here on. Who records a manifest of the lake table may be waiting for a frozen engine; without one the next refresh
-- recomputes.
create function pgtrickle_internal.manifest_of_change(p_wanted pgtrickle_internal.stream_tables, p_states pgtrickle_internal.lake_state[])
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  patience text := current_setting('lock_timeout');
  manifests bigint[];
begin
  perform set_config('lock_timeout', '200ms', true);
  manifests := pgtrickle_internal.recorded_states(p_wanted, p_states);
  perform set_config('lock_timeout', patience, true);
  return manifests;
exception when lock_not_available then
  return null;
end
$$;
comment on function pgtrickle_internal.manifest_of_change(pgtrickle_internal.stream_tables, pgtrickle_internal.lake_state[]) is
  'What the first rows of another query were computed from; NULL: not known, or somebody else is about to record it.';

create function pgtrickle_internal.publish_query(p_wanted pgtrickle_internal.stream_tables, p_target bigint, p_was_paused boolean,
  p_manifests bigint[], p_rows_removed bigint, p_rows_added bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  refresh bigint;
begin
  -- so that a pause need not wait for its commit
  perform pg_advisory_xact_lock_shared(pgtrickle_internal.lock_class(), p_wanted.id::integer);
  perform pgtrickle_internal.lock_publication(p_wanted.id);
  perform pgtrickle_internal.check_not_rewinding(p_wanted.id);
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_wanted.id;
  -- Refreshes may have gone on meanwhile, that is all.
  if (cardinality(pgtrickle_internal.holders(st.id)) > 0) <> p_was_paused or p_was_paused and st.frontier_snapshot <> p_target then
    raise exception 'stream table % was paused, resumed or moved by somebody else in the meantime', pgtrickle_internal.qualified_name(st.id)
      using errcode = 'TR012', hint = 'Nothing was changed: it has the query and the rows that it had. Look at its status and try again.';
  end if;
  insert into pgtrickle_internal.refreshes (stream_table_id, action, strategy, reason, to_snapshot, contents_after, manifest_ids,
      rows_removed, rows_added, requested_by, started_at)
    values (st.id, 'Redefine', 'Full', 'its query was changed', p_target, p_target, p_manifests,
      p_rows_removed, p_rows_added, pgtrickle_internal.caller(), statement_timestamp())
    returning id into refresh;
  update pgtrickle_internal.stream_tables s set
      defining_query = p_wanted.defining_query, view_definition = p_wanted.view_definition, settings = p_wanted.settings,
      description = p_wanted.description, layout = p_wanted.layout, mode = p_wanted.mode, schedule = p_wanted.schedule,
      frontier = pgtrickle_internal.frontier_at(s.id, p_target), contents_snapshot = p_target, manifest_ids = p_manifests,
      generation = s.generation + 1, journal_floor = refresh, definition_refresh = refresh,
      last_refreshed_at = clock_timestamp(), last_sqlstate = null, last_error = null, failure_count = 0,
      next_due_at = clock_timestamp()
    where s.id = st.id;
end
$$;
comment on function pgtrickle_internal.publish_query(pgtrickle_internal.stream_tables, bigint, boolean, bigint[], bigint, bigint) is
  'The publication of a change of the query: registry and history, or TR008, TR012 if somebody paused, resumed or moved the stream table since.';
