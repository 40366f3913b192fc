-- What the scheduler last saw of the lake engine. One row.
create table pgtrickle_internal.lake_health (
  is_only_row boolean not null default true,
  is_healthy boolean not null,
  checked_at timestamptz not null,
  healthy_at timestamptz,
  failing_since timestamptz,
  sqlstate text,
  error text,
  engine_version text,
  engine_started_at timestamptz,
  constraint lake_health_pkey primary key (is_only_row),
  constraint lake_health_has_one_row check (is_only_row)
);
comment on table pgtrickle_internal.lake_health is 'The last answer of the lake engine to the scheduler''s ping.';
