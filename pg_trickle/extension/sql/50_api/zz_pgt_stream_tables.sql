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
  s.created_at
from pgtrickle_internal.stream_tables s
-- As the role that reads the view, which is not always the session's: an index expression may run in a superuser's ANALYZE.
where has_table_privilege(s.relid, 'select') or pg_has_role('pgtrickle_admin', 'usage');
comment on view pgtrickle.pgt_stream_tables is
  'The stream tables that you may read. frontier can be updated while a table is PAUSED: {"sources": {"ducklake:lake.events": {"snapshot_id": 42}}}.';
comment on column pgtrickle.pgt_stream_tables.status is 'ACTIVE, PAUSED, ERROR (the last failure is newer than the last success, the lake is not reachable, or no scheduler runs), INITIALIZING; computed when read.';
comment on column pgtrickle.pgt_stream_tables.contents_snapshot is 'The snapshot that the rows are of.';
comment on column pgtrickle.pgt_stream_tables.last_consumed_snapshot_id is 'The snapshot id of frontier; read-only.';
create trigger edit_frontier instead of update or insert or delete on pgtrickle.pgt_stream_tables
  for each row execute function pgtrickle_internal.edit_stream_tables();
