-- A typed foreign table over a relation of the engine that gives rows of a source. Its columns are numbered, so that a
-- source may have columns with the names of the pseudo columns.
create function pgtrickle_internal.create_source_table(p_table text, p_relation text, p_pseudo text, p_relid regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create foreign table %s (plan text, %s, %s) server lake_engine options (schema_name %L, table_name %L)',
    p_table, p_pseudo, (
      select string_agg(format('x%s %s options (column_name %L)%s', c.ordinal, c.type, c.lake_name,
          case when c.type in ('text', 'character varying') then ' collate "C"' else '' end), ', ' order by c.ordinal)
      from pgtrickle_internal.source_columns(p_relid) c),
    'engine', p_relation);
end
$$;
comment on function pgtrickle_internal.create_source_table(text, text, text, regclass) is
  'Makes a foreign table through which the engine gives rows of a lake table.';
