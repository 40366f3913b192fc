-- Behind the functions that everybody may call on a stream table that they may SELECT: at, diff, verify, snapshots,
-- explain. They run with the rights of the extension's owner, so they must know for whom. Inside SECURITY DEFINER nothing
-- says so reliably: current_user is the owner, and session_user is a superuser while a superuser's ANALYZE runs an index
-- expression of somebody else. A view is evaluated as who reads it; so the public functions, which run as the caller, read
-- the view pgtrickle_reading.caller and hand its row on, with a proof that cannot be made by hand.

create schema pgtrickle_reading;
comment on schema pgtrickle_reading is 'What stands behind the reading functions of pgtrickle. Not to be called directly.';

create table pgtrickle_reading.secret (
  is_only_row boolean not null default true,
  value       bytea   not null,
  constraint secret_pkey primary key (is_only_row),
  constraint secret_has_one_row check (is_only_row)
);
comment on table pgtrickle_reading.secret is 'Key of the proofs of pgtrickle_reading.caller; never leaves the database, not even in a dump.';
insert into pgtrickle_reading.secret (value)
  select pg_catalog.decode(pg_catalog.string_agg(pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''), ''), 'hex')
  from pg_catalog.generate_series(1, 4);
grant usage on schema pgtrickle_reading to public;
