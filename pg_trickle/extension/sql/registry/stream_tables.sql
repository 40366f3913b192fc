-- The registry: what a stream table is, where its rows are, and which snapshot they are of.

-- The one snapshot that a frontier stands at. DuckLake's ids are global, so a valid frontier names one id for all its
-- sources; immutable because a generated column is made from it.
create function pgtrickle_internal.frontier_snapshot(frontier jsonb) returns bigint
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select min((source.value ->> 'snapshot_id')::bigint) from jsonb_each(frontier -> 'sources') source;
end;
comment on function pgtrickle_internal.frontier_snapshot(jsonb) is 'The snapshot id that a frontier stands at.';

-- The registry, and the publication lock: the row is locked only at the end of a refresh, after the engine has answered.
create table pgtrickle_internal.stream_tables (
  id bigint generated always as identity,
  relid regclass not null,
  schema_name name not null,
  table_name name not null,
  defining_query text not null,
  view_definition text not null,
  settings jsonb not null,
  description jsonb not null,
  layout jsonb not null,
  mode text not null,
  schedule interval,
  frontier jsonb,
  frontier_snapshot bigint generated always as (pgtrickle_internal.frontier_snapshot(frontier)) stored,
  contents_snapshot bigint,
  is_populated boolean generated always as (contents_snapshot is not null) stored,
  generation bigint not null default 1,
  journal_floor bigint,
  created_by regrole not null,
  created_at timestamptz not null default clock_timestamp(),
  last_refreshed_at timestamptz,
  last_failed_at timestamptz,
  last_sqlstate text,
  last_error text,
  failure_count integer not null default 0,
  next_due_at timestamptz not null default clock_timestamp(),
  manifest_ids bigint[],
  definition_refresh bigint,
  constraint stream_tables_pkey primary key (id),
  constraint stream_tables_one_row_per_table unique (relid),
  constraint stream_tables_name_is_unique unique (schema_name, table_name),
  constraint stream_tables_mode_is_known check (mode in ('AUTO', 'DIFFERENTIAL', 'FULL')),
  constraint stream_tables_differential_is_incremental
    check (mode <> 'DIFFERENTIAL' or layout ->> 'delta' is not null),
  constraint stream_tables_schedule_is_positive check (schedule > interval '0'),
  constraint stream_tables_frontier_names_one_snapshot
    check (frontier is null or pgtrickle_internal.frontier_snapshot(frontier) >= 0),
  constraint stream_tables_populated_have_a_frontier check ((frontier is null) = (contents_snapshot is null)),
  constraint stream_tables_contents_are_a_snapshot check (contents_snapshot >= 0)
);
comment on table pgtrickle_internal.stream_tables is
  'One row a stream table. generation is raised by every publication, frontier edit, pause, resume and change of definition; a refresh that finds another generation at its end gives up (TR012).';
comment on column pgtrickle_internal.stream_tables.view_definition is 'pg_get_viewdef with an empty search_path: the only text that goes on to the engine.';
comment on column pgtrickle_internal.stream_tables.settings is 'Settings of the creator''s session that the query depends on, frozen: {"TimeZone": …}.';
comment on column pgtrickle_internal.stream_tables.description is 'What the engine said about the query (engine.describe).';
comment on column pgtrickle_internal.stream_tables.layout is
  'Where the rows are: {"shape": "state"|"rows", "global": bool, "base": relation, "base_columns": [], "row_count": column|null, "states": [{"role": "count"|"sum", "state": number, "column": column, "count": of a sum the column that counts its values}], "key_columns": [], "key_type": type, "journal": relation, "public_columns": [], "public_key_columns": [], "projection": [SQL expression over a base row], "recompute": relation, "delta": relation|null, "top": {"function": name, "definition": SQL, "settings": {}, "leaves": [{"table": relation, "name": in the query, "relation": source, "columns": []}]} instead of recompute where PostgreSQL runs the query}.';
comment on column pgtrickle_internal.stream_tables.contents_snapshot is 'The snapshot that the rows really are of; differs from the frontier after the frontier was edited by hand.';
comment on column pgtrickle_internal.stream_tables.manifest_ids is 'What the rows were computed from, file by file: of each source, by frontier_key, its manifest. NULL: not known, so the next refresh recomputes.';
comment on column pgtrickle_internal.stream_tables.definition_refresh is 'Refresh id with which the present query began: rows, undo journal and fingerprints of earlier ones are those of another query. NULL: it is the first.';
comment on column pgtrickle_internal.stream_tables.journal_floor is 'Refresh id: restore points from this refresh on can be reached by journal.';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.stream_tables', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.stream_tables_id_seq', '');
