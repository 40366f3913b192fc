-- The SQL of the README of the same demo ("Time-Travel Walkthrough"), word for word, one block for each block there.

-- block: 1 current snapshot
SELECT
  frontier -> 'sources' -> 'ducklake:lake.events' ->> 'snapshot_id' AS current_snapshot,
  (SELECT COUNT(*) FROM event_summary) AS current_row_count
FROM pgtrickle.pgt_stream_tables
WHERE pgt_name = 'event_summary';

-- block: 2 good snapshot
-- Save the current snapshot ID before introducing a "bug"
SELECT
  (frontier -> 'sources' -> 'ducklake:lake.events' ->> 'snapshot_id')::bigint AS good_snapshot
FROM pgtrickle.pgt_stream_tables
WHERE pgt_name = 'event_summary';
-- Example: good_snapshot = 42

-- block: 3 bugged state
-- Note the new (bugged) state
SELECT COUNT(*) AS bugged_row_count FROM event_summary;

-- block: 4 pause and rewind
-- Pause all refreshes
SELECT pgtrickle.pause_scheduler(ARRAY['event_summary']);

-- Rewind the frontier snapshot_id to the "good" snapshot
UPDATE pgtrickle.pgt_stream_tables
SET frontier = jsonb_set(
  frontier,
  '{sources,ducklake:lake.events,snapshot_id}',
  '42'::jsonb -- replace 42 with your good_snapshot value
)
WHERE pgt_name = 'event_summary';

-- Trigger a FULL refresh to rebuild from the rewound frontier
SELECT pgtrickle.refresh('event_summary', 'FULL');

-- block: 5 rewound
-- The stream table is now back at the state it had at snapshot 42
SELECT COUNT(*) AS rewound_row_count FROM event_summary;

SELECT
  (frontier -> 'sources' -> 'ducklake:lake.events' ->> 'snapshot_id')::bigint AS snapshot
FROM pgtrickle.pgt_stream_tables
WHERE pgt_name = 'event_summary';

-- block: 6 resume
SELECT pgtrickle.resume_scheduler(ARRAY['event_summary']);
-- The stream table will now replay forwards from snapshot 42.
