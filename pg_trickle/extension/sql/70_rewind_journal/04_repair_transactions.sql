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
