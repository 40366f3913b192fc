-- A move whose rows are in place and verified, but not published. It lives inside one transaction: between staging and
-- publishing the caller's assertions run, with the caller's rights, and whoever leaves the publishing out cannot commit.

create table pgtrickle_internal.staged_moves (
  xid              xid8    not null default pg_catalog.pg_current_xact_id(),
  stream_table_id  bigint  not null,
  refresh_id       bigint  not null,
  generation       bigint  not null,
  snapshot_id      bigint  not null,
  row_count        bigint,
  fingerprint      text,
  verified         text,
  contradiction    jsonb,
  constraint staged_moves_pkey primary key (xid, stream_table_id)
);
comment on table pgtrickle_internal.staged_moves is
  'Moves of stream tables that this transaction has prepared and must publish before it commits.';
