-- Schemas. Only pgtrickle is meant to be used by people; the others are private, and dropping the extension keeps
-- the stream tables themselves, which are ordinary tables in the schemas of their creators.
create schema pgtrickle;
comment on schema pgtrickle is 'Stream tables over DuckLake: tables kept equal to a query at a snapshot of the lake.';

create schema pgtrickle_internal;
comment on schema pgtrickle_internal is 'Private tables and functions of pg_trickle.';

create schema pgtrickle_guard;
comment on schema pgtrickle_guard is 'Triggers of pg_trickle on the lake''s catalog, and what they could not repair.';

create schema pgtrickle_lake;
comment on schema pgtrickle_lake is 'Private foreign tables through which pg_trickle asks the lake engine.';
grant usage on schema pgtrickle_lake to pgtrickle_top;

create schema pgtrickle_state;
comment on schema pgtrickle_state is 'Hidden state, undo journals and key types of the stream tables.';

create schema pgtrickle_changes;
comment on schema pgtrickle_changes is 'Views changes_<oid>: what a stream table has not consumed yet.';

-- Who may look at what, and call what, is said beside each; without these none of it could be named.
grant usage on schema pgtrickle, pgtrickle_changes to public;
grant usage on schema pgtrickle_internal to pgtrickle_admin, pgtrickle_catalog_reader;
grant usage on schema pgtrickle_guard to pgtrickle_catalog_reader;

-- PostgreSQL's own postgres_fdw code under a name of our own: the name is how a lake table is recognised.
create foreign data wrapper ducklake_fdw handler postgres_fdw_handler validator postgres_fdw_validator;
comment on foreign data wrapper ducklake_fdw is 'DuckLake tables, reached through the lake engine by the PostgreSQL protocol.';
