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
