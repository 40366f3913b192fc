-- PostgreSQL's side of the example: the lake's table as a foreign table, and a stream table that counts its events.
create schema if not exists lake;

create foreign table lake.events (
  event_id uuid,
  event_type text,
  value bigint,
  created_at timestamptz
) server lake options (schema_name 'main', table_name 'events');

select pgtrickle.create_stream_table(
  'public',
  'event_summary',
  'SELECT event_type, COUNT(*) AS event_count, SUM(value) AS total_value FROM lake.events GROUP BY event_type',
  '5s',
  'DIFFERENTIAL'
);
