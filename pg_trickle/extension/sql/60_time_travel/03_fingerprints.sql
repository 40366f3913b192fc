-- What the rows were after each refresh: their number, and the sum of the hashes of their text. The sum does not depend
-- on the order, and a refresh changes it by the hashes of the rows that went and came; so it is kept at the price of the
-- change, and a rewind by journal can be checked with the engine dead.

create table pgtrickle_internal.fingerprints (
  refresh_id       bigint  not null,
  stream_table_id  bigint  not null,
  row_count        bigint  not null,
  hash_sum         numeric not null,
  environment_id   integer default pgtrickle_internal.environment_id(),
  constraint fingerprints_pkey primary key (refresh_id),
  constraint fingerprints_row_count_is_not_negative check (row_count >= 0),
  constraint fingerprints_refresh_exists foreign key (refresh_id)
    references pgtrickle_internal.refreshes (id) on delete cascade,
  constraint fingerprints_stream_table_exists foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade,
  constraint fingerprints_environment_exists foreign key (environment_id)
    references pgtrickle_internal.environments (id)
);
create index fingerprints_by_stream_table on pgtrickle_internal.fingerprints (stream_table_id, refresh_id);
comment on table pgtrickle_internal.fingerprints is 'Row count and hash sum of a stream table after each refresh.';
comment on column pgtrickle_internal.fingerprints.environment_id is 'Under which versions the rows were computed; NULL: not known, which excuses no difference.';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.fingerprints', '');
