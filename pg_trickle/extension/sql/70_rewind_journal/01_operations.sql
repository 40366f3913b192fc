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
