-- One row per rewind operation. Its token is the fence: whoever claims gets a new one, and every effect compares it.

create table pgtrickle_rewind.operations (
  uid             text        not null,
  cluster         text        not null,
  namespace       text        not null,
  name            text        not null,
  operation_key   text        not null,
  requested       text[]      not null,
  table_names     text[]      not null,
  token           uuid        not null,
  claim_count     integer     not null default 1,
  backend_pid     integer     not null,
  backend_start   timestamptz not null,
  outcome         text,
  reason          text,
  started_at      timestamptz not null default clock_timestamp(),
  claimed_at      timestamptz not null default clock_timestamp(),
  finished_at     timestamptz,
  constraint operations_pkey primary key (uid),
  constraint operations_fence_key unique (uid, token),
  -- strw/<uid>/repair/<attempt> must fit into application_name (63 bytes), else the lake would get a cut marker
  constraint operations_uid_fits_marker check (uid ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,43}$'),
  constraint operations_name_is_given check (cluster <> '' and namespace <> '' and name <> ''),
  constraint operations_tables_are_given check (cardinality(table_names) > 0),
  constraint operations_outcome_is_known check (outcome in ('Succeeded', 'Failed', 'Aborted', 'Orphaned')),
  constraint operations_finished_iff_outcome check ((finished_at is null) = (outcome is null)),
  constraint operations_claims_increase check (claim_count > 0)
);
create index operations_object_idx on pgtrickle_rewind.operations (namespace, name);
comment on table pgtrickle_rewind.operations is
  'Rewind operations: identity of the Kubernetes object, fencing token, outcome.';
select pg_catalog.pg_extension_config_dump('pgtrickle_rewind.operations', '');
