-- The history of the stream tables that one may read.

create view pgtrickle.refresh_history with (security_barrier) as
select
  r.id as refresh_id,
  s.schema_name as pgt_schema,
  s.table_name as pgt_name,
  s.table_name,
  r.action,
  r.strategy,
  r.reason,
  r.outcome,
  r.from_snapshot,
  r.to_snapshot,
  r.contents_before,
  r.contents_after,
  r.snapshots_read,
  r.estimated_ms,
  round(extract(epoch from r.finished_at - r.started_at) * 1000, 1) as duration_ms,
  r.rows_removed,
  r.rows_added,
  f.row_count,
  r.requested_by,
  r.started_at,
  r.finished_at,
  r.sqlstate,
  r.error,
  r.files_read
from pgtrickle_internal.refreshes r
join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
left join pgtrickle_internal.fingerprints f on f.refresh_id = r.id
-- the view's reader, not its owner
where has_table_privilege(current_user, s.relid, 'select');
comment on view pgtrickle.refresh_history is 'What each refresh, rewind and frontier edit of the stream tables that you may read did.';
comment on column pgtrickle.refresh_history.refresh_id is 'Its number; of one table, in the order in which they were published.';
comment on column pgtrickle.refresh_history.pgt_schema is 'Schema of the stream table.';
comment on column pgtrickle.refresh_history.pgt_name is 'Its name, without the schema.';
comment on column pgtrickle.refresh_history.table_name is 'The same as pgt_name.';
comment on column pgtrickle.refresh_history.action is 'Initial, Full, Differential, Scheduled, Reinitialize, FrontierEdit, Rewind, Step, Replay, Scrub (drift or damage that was healed) or Redefine (another query; what was before it is of the query before).';
comment on column pgtrickle.refresh_history.strategy is 'How the rows were moved: Full (the query, run at the snapshot), Delta, Journal, Nothing (no source had changed), None (no rows were moved).';
comment on column pgtrickle.refresh_history.reason is 'Why that strategy, with the cost of the others.';
comment on column pgtrickle.refresh_history.outcome is 'Succeeded or Failed.';
comment on column pgtrickle.refresh_history.from_snapshot is 'Frontier before.';
comment on column pgtrickle.refresh_history.to_snapshot is 'Frontier after.';
comment on column pgtrickle.refresh_history.contents_before is 'Snapshot that the rows were of before.';
comment on column pgtrickle.refresh_history.contents_after is 'And after.';
comment on column pgtrickle.refresh_history.snapshots_read is 'Commits of the sources that a delta took in.';
comment on column pgtrickle.refresh_history.estimated_ms is 'What it was expected to take.';
comment on column pgtrickle.refresh_history.duration_ms is 'What it took.';
comment on column pgtrickle.refresh_history.rows_removed is 'Rows of the stream table that went.';
comment on column pgtrickle.refresh_history.rows_added is 'Rows that came; a changed row is one of each.';
comment on column pgtrickle.refresh_history.row_count is 'Rows of the stream table afterwards.';
comment on column pgtrickle.refresh_history.requested_by is 'The role that asked for it.';
comment on column pgtrickle.refresh_history.started_at is 'When it began.';
comment on column pgtrickle.refresh_history.finished_at is 'When it ended.';
comment on column pgtrickle.refresh_history.sqlstate is 'Of a failure: its code.';
comment on column pgtrickle.refresh_history.error is 'And its message.';
comment on column pgtrickle.refresh_history.files_read is 'Files of the lake that a delta looked into.';
grant select on pgtrickle.refresh_history to public;
