-- The defining query names its sources by schema. PostgreSQL itself prints it again without the schemas, from the parse
-- tree, while they are on the search_path; without them on it, the bare names mean the copies. pg_temp stands last in both,
-- else it would come first: what the reader's session has made is not meant.
create function pgtrickle_internal.run_over_source_rows(p_id bigint, p_scratch text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
as $$
declare
  st pgtrickle_internal.stream_tables;
  definition text;
  source_schemas text;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  select string_agg(distinct quote_ident(n.nspname), ', ') into source_schemas
    from pgtrickle_internal.sources s
    join pg_class c on c.oid = s.relid join pg_namespace n on n.oid = c.relnamespace
    where s.stream_table_id = p_id;
  execute format('create view %I."pgtrickle query" as %s', p_scratch, st.view_definition);
  perform set_config('search_path', source_schemas || ', pg_catalog, pg_temp', true);
  definition := pg_catalog.pg_get_viewdef(pg_catalog.format('%I."pgtrickle query"', p_scratch)::pg_catalog.regclass);
  perform pg_catalog.set_config('search_path', pg_catalog.format('%I, pg_catalog, pg_temp', p_scratch), true);
  perform set_config('TimeZone', st.settings ->> 'TimeZone', true);
  execute format('create table %I."pgtrickle result" as %s', p_scratch, definition);
end
$$;
comment on function pgtrickle_internal.run_over_source_rows(bigint, text) is
  'Runs the defining query over the copies in a scratch schema, into its table "pgtrickle result".';
