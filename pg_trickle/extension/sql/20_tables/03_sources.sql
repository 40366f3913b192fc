-- The lake tables that a stream table reads.
create table pgtrickle_internal.sources (
  stream_table_id bigint not null,
  relid regclass not null,
  relation_name text not null,
  frontier_key text not null,
  lake_schema text not null,
  lake_table text not null,
  lake_columns text[],
  constraint sources_pkey primary key (stream_table_id, frontier_key),
  constraint sources_stream_table_fkey foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade
);
comment on table pgtrickle_internal.sources is
  'Lake tables of a stream table: relation_name as view_definition spells it (lake.events), the key in the frontier (ducklake:lake.events), the table in the lake (main.events), the columns that the query names (NULL: not known).';
