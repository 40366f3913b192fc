-- Lake tables of the engine's own tests.
create table if not exists lake.events (event_id uuid, event_type varchar, value bigint, created_at timestamptz);
create table if not exists lake.edge_cases (
  id integer, b boolean, i2 smallint, i8 bigint, h hugeint, f4 float, f8 double, d decimal(12, 2), big decimal(38, 0),
  t varchar, bin blob, u uuid, dt date, ts timestamp, tz timestamptz, tm time, iv interval, arr integer[], words varchar[], j json
);
