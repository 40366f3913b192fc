-- The operation log: what each rewind operation did, kept in the database that it changes, so that an effect
-- and the record of it commit together. Nobody has rights on the tables; the functions below are the only way in.

create schema pgtrickle_rewind;
comment on schema pgtrickle_rewind is
  'Operation log, claims and fencing of rewinds. Written by its functions only.';

-- One row per rewind operation. Its token is the fence: whoever claims gets a new one, and every effect compares it.

create table pgtrickle_rewind.operations (
  uid             text        not null,
  cluster         text        not null,
  namespace       text        not null,
  name            text        not null,
  operation_key   text        not null,
  requested       text[]      not null,
  table_names     text[]      not null,
  table_ids       bigint[]    not null,
  token           uuid        not null,
  claim_count     integer     not null default 1,
  backend_pid     integer     not null,
  backend_start   timestamptz not null,
  outcome         text,
  reason          text,
  started_at      timestamptz not null default clock_timestamp(),
  claimed_at      timestamptz not null default clock_timestamp(),
  seen_at         timestamptz not null default clock_timestamp(),
  finished_at     timestamptz,
  last_refresh_id bigint,
  constraint operations_pkey primary key (uid),
  constraint operations_fence_key unique (uid, token),
  -- strw/<uid>/repair/<attempt> must fit into application_name (63 bytes), else the lake would get a cut marker
  constraint operations_uid_fits_marker check (uid ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,43}$'),
  constraint operations_name_is_given check (cluster <> '' and namespace <> '' and name <> ''),
  constraint operations_tables_are_given check (cardinality(table_names) > 0 and cardinality(table_ids) > 0),
  constraint operations_outcome_is_known check (outcome in ('Succeeded', 'Failed', 'Aborted', 'Orphaned')),
  constraint operations_finished_iff_outcome check ((finished_at is null) = (outcome is null)),
  constraint operations_claims_increase check (claim_count > 0)
);
create index operations_object_idx on pgtrickle_rewind.operations (namespace, name);
comment on table pgtrickle_rewind.operations is
  'Rewind operations: identity of the Kubernetes object, fencing token, outcome.';
comment on column pgtrickle_rewind.operations.table_ids is
  'The stream tables by id: one that is dropped and created again under its name is another one.';
comment on column pgtrickle_rewind.operations.seen_at is
  'When its operator was last heard of: by a claim, by an effect that was committed, or by keep_alive().';
comment on column pgtrickle_rewind.operations.last_refresh_id is
  'The newest refresh of its tables when it ended. Ids order the refreshes of one table as they were published; times do not.';
select pg_catalog.pg_extension_config_dump('pgtrickle_rewind.operations', '');

-- At most one operation per stream table. The foreign key on (uid, token) makes it impossible that a claim carries
-- another token than its operation.

create table pgtrickle_rewind.claims (
  table_id     bigint      not null,
  uid          text        not null,
  token        uuid        not null,
  acquired_at  timestamptz not null default clock_timestamp(),
  constraint claims_one_per_stream_table primary key (table_id),
  constraint claims_stream_table_exists foreign key (table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade,
  constraint claims_token_is_the_operations foreign key (uid, token)
    references pgtrickle_rewind.operations (uid, token) on update cascade on delete cascade
);
create index claims_uid_idx on pgtrickle_rewind.claims (uid);
comment on table pgtrickle_rewind.claims is 'Which rewind operation owns which stream table.';
select pg_catalog.pg_extension_config_dump('pgtrickle_rewind.claims', '');

-- What an operation did: one row per attempt of a step, with the state before and after. Append-only but for the
-- end of a running attempt.

create table pgtrickle_rewind.steps (
  uid               text        not null,
  step              text        not null,
  attempt           integer     not null,
  previous_attempt  integer     generated always as (nullif(attempt - 1, 0)) stored,
  outcome           text        not null,
  token             uuid        not null,
  backend_pid       integer     not null default pg_catalog.pg_backend_pid(),
  before            jsonb,
  after             jsonb,
  error             jsonb,
  started_at        timestamptz not null default clock_timestamp(),
  finished_at       timestamptz,
  constraint steps_pkey primary key (uid, step, attempt),
  constraint steps_operation_exists foreign key (uid) references pgtrickle_rewind.operations (uid) on delete cascade,
  constraint steps_step_is_known check (step in ('Pause', 'Rewind', 'Repair', 'Replay', 'Release')),
  constraint steps_outcome_is_known check (outcome in ('Running', 'Done', 'Failed')),
  constraint steps_attempts_start_at_one check (attempt > 0),
  constraint steps_attempts_increase foreign key (uid, step, previous_attempt)
    references pgtrickle_rewind.steps (uid, step, attempt),
  constraint steps_finished_iff_not_running check ((finished_at is null) = (outcome = 'Running')),
  constraint steps_end_after_they_start check (finished_at >= started_at),
  constraint steps_error_iff_failed check ((error is not null) = (outcome = 'Failed')),
  constraint steps_done_says_what check (outcome <> 'Done' or after is not null)
);
create unique index steps_one_running_per_operation on pgtrickle_rewind.steps (uid) where outcome = 'Running';
-- a repair is not idempotent: it is the one step that must never be done twice
create unique index steps_repair_done_once on pgtrickle_rewind.steps (uid) where step = 'Repair' and outcome = 'Done';
comment on table pgtrickle_rewind.steps is 'Attempts of the steps of rewind operations, with the state before and after.';
select pg_catalog.pg_extension_config_dump('pgtrickle_rewind.steps', '');

-- The transaction in which repair SQL of a user runs. While its row is there, every management function called in
-- that transaction refuses: neither `set`, nor a savepoint, nor a deferred trigger of the repair can take the row
-- away, because it is bound to the top-level transaction id and the table is private.

create table pgtrickle_rewind.repair_transactions (
  uid      text    not null,
  attempt  integer not null,
  xid      xid8    not null,
  nonce    uuid    not null,
  stage    text    not null,
  constraint repair_transactions_pkey primary key (uid),
  constraint repair_transactions_one_per_transaction unique (xid),
  constraint repair_transactions_operation_exists foreign key (uid)
    references pgtrickle_rewind.operations (uid) on delete cascade,
  constraint repair_transactions_stage_is_known check (stage in ('Entered', 'Running', 'Ran', 'Finished'))
);
comment on table pgtrickle_rewind.repair_transactions is 'Transactions that run repair SQL now.';

-- Nobody has rights on the tables.
revoke all on all tables in schema pgtrickle_rewind from public;
grant usage on schema pgtrickle_rewind to pgtrickle_admin;
