create function pgtrickle.snapshots(name text)
returns table (
  snapshot_id bigint, snapshot_time timestamptz, author text, message text,
  rows_added bigint, rows_removed bigint, is_current boolean, strategies text[])
language sql
as $$ select s.* from pgtrickle_reading.snapshots($1, (select c from pgtrickle_reading.caller c)) s $$;
comment on function pgtrickle.snapshots(text) is
  'Snapshots that changed the sources of a stream table, or that it has stood at: when, by whom, how many rows (NULL: not known any more), and by which strategies rewind() reaches them.';
