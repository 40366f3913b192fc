-- The SQL of the demo document "DuckLake Time-Travel Debugging", word for word, one block for each block there.
-- Only its line breaks were lost and are put back. The tests play the blocks in this and other orders; 42 stays 42.

-- block: stream table
SELECT table_name, status, frontier, last_refreshed_at
FROM pgtrickle.pgt_stream_tables
WHERE table_name = 'event_summary';

-- block: summary
SELECT event_type, event_count, total_value
FROM event_summary
ORDER BY event_type;

-- block: good snapshot
SELECT
  (frontier -> 'sources' -> 'ducklake:lake.events' ->> 'snapshot_id')::bigint AS good_snapshot,
  (SELECT COUNT(*) FROM event_summary) AS current_row_count
FROM pgtrickle.pgt_stream_tables
WHERE table_name = 'event_summary';

-- block: bug
-- Simulate a bad batch job inserting events with a bogus type
INSERT INTO lake.events (event_id, event_type, value, created_at)
SELECT
  gen_random_uuid(),
  'CORRUPTED_EVENT', -- this type should not exist
  999999, -- implausible value
  now()
FROM generate_series(1, 1000);

-- block: pause
SELECT pgtrickle.pause_scheduler(ARRAY['event_summary']);

-- block: paused
SELECT table_name, status
FROM pgtrickle.pgt_stream_tables
WHERE table_name = 'event_summary';
-- status should be 'PAUSED'

-- block: rewind frontier
UPDATE pgtrickle.pgt_stream_tables
SET frontier = jsonb_set(
  frontier,
  '{sources,ducklake:lake.events,snapshot_id}',
  '42'::jsonb -- ← replace with your good_snapshot value
)
WHERE table_name = 'event_summary';

-- block: full refresh
SELECT pgtrickle.refresh('event_summary', 'FULL');

-- block: rewound snapshot
SELECT
  (frontier -> 'sources' -> 'ducklake:lake.events' ->> 'snapshot_id')::bigint AS current_snapshot
FROM pgtrickle.pgt_stream_tables
WHERE table_name = 'event_summary';
-- Should show 42 (your good_snapshot value)

-- block: resume
SELECT pgtrickle.resume_scheduler(ARRAY['event_summary']);

-- block: repair and resume
DELETE FROM lake.events WHERE event_type = 'CORRUPTED_EVENT';

-- Now resume — the corrupted events won't be replayed
SELECT pgtrickle.resume_scheduler(ARRAY['event_summary']);

-- block: names
SELECT pgt_name FROM pgtrickle.pgt_stream_tables
