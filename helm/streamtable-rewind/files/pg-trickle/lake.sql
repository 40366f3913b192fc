-- The lake's side of the example, run by DuckDB inside the lake engine each time that it starts.
create table if not exists lake.events (
  event_id uuid,
  event_type varchar,
  value bigint,
  created_at timestamptz
);
