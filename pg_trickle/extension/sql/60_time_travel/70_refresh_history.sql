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
  r.error
from pgtrickle_internal.refreshes r
join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
left join pgtrickle_internal.fingerprints f on f.refresh_id = r.id
-- the view's reader, not its owner
where has_table_privilege(current_user, s.relid, 'select');
comment on view pgtrickle.refresh_history is 'What each refresh, rewind and frontier edit of the stream tables that you may read did.';
grant select on pgtrickle.refresh_history to public;
