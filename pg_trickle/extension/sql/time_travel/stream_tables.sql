-- The stream tables that one may read; and the one thing of them that can be updated, their frontier.

-- UPDATE … SET frontier, and nothing else. Needs no engine: the lake's snapshots are rows of this database.
create function pgtrickle_internal.edit_stream_tables() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  snapshot bigint;
  changed text;
begin
  if tg_op <> 'UPDATE' then
    raise exception 'stream tables are not created or dropped through this view'
      using errcode = '0A000', hint = 'Use pgtrickle.create_stream_table() and pgtrickle.drop_stream_table().';
  end if;
  select string_agg(n.key, ', ' order by n.key) into changed
    from jsonb_each(to_jsonb(new)) n join jsonb_each(to_jsonb(old)) o using (key)
    where n.value is distinct from o.value and n.key <> 'frontier';
  if changed is not null then
    raise exception 'only the frontier of a stream table can be updated, not %', changed
      using errcode = '0A000', hint = 'pgtrickle.alter_stream_table() changes schedule, mode and query, pause_scheduler() and resume_scheduler() the status.';
  end if;
  perform pgtrickle_internal.authorise(old.pgt_id, 'edit the frontier of');
  perform pgtrickle_internal.check_adopted();
  perform pgtrickle_internal.lock_publication(old.pgt_id);
  if cardinality(pgtrickle_internal.holders(old.pgt_id)) = 0 then
    raise exception 'the frontier of stream table % can be edited only while it is paused', pgtrickle_internal.qualified_name(old.pgt_id)
      using errcode = 'TR007', hint = format('select pgtrickle.pause_scheduler(array[%L]);', pgtrickle_internal.qualified_name(old.pgt_id));
  end if;
  snapshot := pgtrickle_internal.checked_frontier(old.pgt_id, new.frontier);
  perform pgtrickle_internal.pin_snapshot(snapshot);
  insert into pgtrickle_internal.refreshes (stream_table_id, action, strategy, from_snapshot, to_snapshot,
      contents_before, contents_after, requested_by, started_at)
    select s.id, 'FrontierEdit', 'None', s.frontier_snapshot, snapshot, s.contents_snapshot, s.contents_snapshot,
      pgtrickle_internal.caller(), clock_timestamp()
    from pgtrickle_internal.stream_tables s where s.id = old.pgt_id;
  update pgtrickle_internal.stream_tables s set
      frontier = pgtrickle_internal.frontier_at(s.id, snapshot), generation = s.generation + 1
    where s.id = old.pgt_id;
  return new;
end
$$;
comment on function pgtrickle_internal.edit_stream_tables() is 'Updates of pgtrickle.pgt_stream_tables.frontier.';

create view pgtrickle.pgt_stream_tables with (security_barrier) as
select
  s.id as pgt_id,
  s.relid,
  s.schema_name as pgt_schema,
  s.table_name as pgt_name,
  s.table_name,
  s.defining_query,
  s.schedule,
  s.mode as refresh_mode,
  pgtrickle_internal.status(s.id) as status,
  s.frontier,
  s.contents_snapshot,
  s.frontier_snapshot as last_consumed_snapshot_id,
  s.is_populated,
  s.last_refreshed_at,
  s.last_failed_at,
  coalesce(case when s.last_failed_at > s.last_refreshed_at or not s.is_populated then s.last_error end,
    pgtrickle_internal.lake_problem()) as last_error,
  s.failure_count,
  pgtrickle_internal.holders(s.id) as holds,
  s.generation,
  s.created_by,
  s.created_at,
  scrubbed.last_scrubbed_at,
  pgtrickle_internal.next_scrub_at(s.id) as next_scrub_at,
  scrubbed.drift_count,
  scrubbed.damage_count,
  scrubbed.last_drift_at,
  scrubbed.scrub_error
from pgtrickle_internal.stream_tables s
cross join lateral pgtrickle_internal.scrub_summary(s.id) scrubbed
-- As the role that reads the view, which is not always the session's: an index expression may run in a superuser's ANALYZE.
where has_table_privilege(s.relid, 'select') or pg_has_role('pgtrickle_admin', 'usage');
comment on view pgtrickle.pgt_stream_tables is
  'The stream tables that you may read. frontier can be updated while a table is PAUSED: {"sources": {"ducklake:lake.events": {"snapshot_id": 42}}}.';
comment on column pgtrickle.pgt_stream_tables.pgt_id is 'Its number; a table that is dropped and created again gets another one.';
comment on column pgtrickle.pgt_stream_tables.relid is 'The table itself.';
comment on column pgtrickle.pgt_stream_tables.pgt_schema is 'Its schema.';
comment on column pgtrickle.pgt_stream_tables.pgt_name is 'Its name, without the schema.';
comment on column pgtrickle.pgt_stream_tables.table_name is 'The same as pgt_name.';
comment on column pgtrickle.pgt_stream_tables.defining_query is 'The query as it was given.';
comment on column pgtrickle.pgt_stream_tables.schedule is 'Time between two refreshes; NULL: refreshed by hand only.';
comment on column pgtrickle.pgt_stream_tables.refresh_mode is 'AUTO: by changes where that is possible and cheaper; DIFFERENTIAL: the same, only for queries that changes keep; FULL: always recomputed.';
comment on column pgtrickle.pgt_stream_tables.status is 'ACTIVE, PAUSED, ERROR (the last failure is newer than the last success, the lake is not reachable, or no scheduler runs), INITIALIZING; computed when read.';
comment on column pgtrickle.pgt_stream_tables.frontier is 'The snapshot that refreshes go on from; can be updated while the table is PAUSED.';
comment on column pgtrickle.pgt_stream_tables.contents_snapshot is 'The snapshot that the rows are of.';
comment on column pgtrickle.pgt_stream_tables.last_consumed_snapshot_id is 'The snapshot id of frontier; read-only.';
comment on column pgtrickle.pgt_stream_tables.is_populated is 'Whether it was ever filled.';
comment on column pgtrickle.pgt_stream_tables.last_refreshed_at is 'When rows were published last.';
comment on column pgtrickle.pgt_stream_tables.last_failed_at is 'When a scheduled refresh failed last.';
comment on column pgtrickle.pgt_stream_tables.last_error is 'Why the last refresh failed, until one succeeds; or what keeps all of them from being refreshed (no scheduler, lake away). NULL: nothing.';
comment on column pgtrickle.pgt_stream_tables.failure_count is 'Scheduled refreshes that have failed one after the other since the last success.';
comment on column pgtrickle.pgt_stream_tables.holds is 'Who keeps it paused: person (pause_scheduler()), rewind:<namespace>/<name>.';
comment on column pgtrickle.pgt_stream_tables.generation is 'Goes up with each publication, frontier edit, pause, resume and change of its definition.';
comment on column pgtrickle.pgt_stream_tables.created_by is 'The role that created it; it and members of pgtrickle_admin may manage it.';
comment on column pgtrickle.pgt_stream_tables.created_at is 'When it was created.';
comment on column pgtrickle.pgt_stream_tables.last_scrubbed_at is 'When it was compared with its query last, at the newest snapshot of then, and was right or made right.';
comment on column pgtrickle.pgt_stream_tables.next_scrub_at is 'When that is done next at the earliest. NULL: not now, as it is paused, has no schedule, or the budget is 0.';
comment on column pgtrickle.pgt_stream_tables.drift_count is 'Times that a scrub found other rows than the query''s, although they were those that had been published, and healed them.';
comment on column pgtrickle.pgt_stream_tables.damage_count is 'Times that a scrub found other rows than those that had been published, and healed them.';
comment on column pgtrickle.pgt_stream_tables.last_drift_at is 'When drift or damage was healed last; refresh_history has it under action Scrub.';
comment on column pgtrickle.pgt_stream_tables.scrub_error is 'Why the last scrub failed, until one succeeds.';
create trigger edit_frontier instead of update or insert or delete on pgtrickle.pgt_stream_tables
  for each row execute function pgtrickle_internal.edit_stream_tables();

grant select on pgtrickle.pgt_stream_tables to public;
-- Its trigger lets only the frontier be updated, and says how the rest is done.
grant insert, update, delete on pgtrickle.pgt_stream_tables to pgtrickle_admin;
