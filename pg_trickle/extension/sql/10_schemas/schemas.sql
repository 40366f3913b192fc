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
create schema pgtrickle_state;
comment on schema pgtrickle_state is 'Hidden state, undo journals and key types of the stream tables.';
create schema pgtrickle_changes;
comment on schema pgtrickle_changes is 'Views changes_<oid>: what a stream table has not consumed yet.';
