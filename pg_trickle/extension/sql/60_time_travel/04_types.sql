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
  verified text
);
comment on type pgtrickle.moved is 'Result row of pgtrickle.rewind() and pgtrickle.step(): one stream table at its new snapshot.';
