-- At most one operation per stream table. The foreign key on (uid, token) makes it impossible that a lock carries
-- another token than its operation.

create table pgtrickle_rewind.locks (
  table_id     bigint      not null,
  uid          text        not null,
  token        uuid        not null,
  acquired_at  timestamptz not null default clock_timestamp(),
  constraint locks_one_per_stream_table primary key (table_id),
  constraint locks_stream_table_exists foreign key (table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade,
  constraint locks_token_is_the_operations foreign key (uid, token)
    references pgtrickle_rewind.operations (uid, token) on update cascade on delete cascade
);
create index locks_uid_idx on pgtrickle_rewind.locks (uid);
comment on table pgtrickle_rewind.locks is 'Which rewind operation owns which stream table.';
select pg_catalog.pg_extension_config_dump('pgtrickle_rewind.locks', '');
