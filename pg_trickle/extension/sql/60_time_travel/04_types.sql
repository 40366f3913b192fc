-- Result rows of public functions whose arguments have the same names as some of their columns.

create type pgtrickle.verification as (
  ok boolean,
  snapshot_id bigint,
  level text,
  row_count bigint,
  expected_row_count bigint,
  fingerprint text,
  expected_fingerprint text,
  missing jsonb,
  unexpected jsonb,
  missing_count bigint,
  unexpected_count bigint
);
comment on type pgtrickle.verification is 'Result of pgtrickle.verify(): the stream table against its query.';
comment on column pgtrickle.verification.ok is 'Whether the stream table is its query.';
comment on column pgtrickle.verification.snapshot_id is 'At which snapshot.';
comment on column pgtrickle.verification.level is 'engine, rows or fingerprint.';
comment on column pgtrickle.verification.row_count is 'Rows that it has.';
comment on column pgtrickle.verification.expected_row_count is 'Rows that it should have.';
comment on column pgtrickle.verification.fingerprint is 'Of the rows that it has; equal rows have equal fingerprints, in any order.';
comment on column pgtrickle.verification.expected_fingerprint is 'Of the rows that it should have.';
comment on column pgtrickle.verification.missing is 'Up to 20 rows that it should have and has not.';
comment on column pgtrickle.verification.unexpected is 'Up to 20 rows that it has and should not have.';
comment on column pgtrickle.verification.missing_count is 'How many are missing; NULL with level fingerprint, which knows no rows.';
comment on column pgtrickle.verification.unexpected_count is 'How many are unexpected; NULL with level fingerprint.';

create type pgtrickle.moved as (
  table_name text,
  from_snapshot bigint,
  to_snapshot bigint,
  strategy text,
  reason text,
  rows_removed bigint,
  rows_added bigint,
  row_count bigint,
  fingerprint text,
  refresh_id bigint,
  verified text,
  contradiction jsonb
);
comment on type pgtrickle.moved is 'Result row of pgtrickle.rewind() and pgtrickle.step(): one stream table at its new snapshot.';
comment on column pgtrickle.moved.table_name is 'The stream table, with its schema.';
comment on column pgtrickle.moved.from_snapshot is 'Frontier before.';
comment on column pgtrickle.moved.to_snapshot is 'Frontier now.';
comment on column pgtrickle.moved.strategy is 'Way that was taken: Full, Journal, Delta or Nothing.';
comment on column pgtrickle.moved.reason is 'Why that way.';
comment on column pgtrickle.moved.rows_removed is 'Rows that went.';
comment on column pgtrickle.moved.rows_added is 'Rows that came; a changed row is one of each.';
comment on column pgtrickle.moved.row_count is 'Rows now.';
comment on column pgtrickle.moved.fingerprint is 'Of the rows now; the same for the same rows, whenever and however they came.';
comment on column pgtrickle.moved.refresh_id is 'Its row in refresh_history.';
comment on column pgtrickle.moved.verified is 'engine or fingerprint: what the rows were checked against.';
comment on column pgtrickle.moved.contradiction is 'Where the lake gives other rows than were published at that snapshot: what was recorded then, what the lake gives now, and which was taken. NULL: none is known.';
