-- The path that shares nothing with a refresh: the source's rows come as they are, and PostgreSQL's own executor runs the
-- defining query over them. All in a scratch schema inside a subtransaction that is always rolled back.
create function pgtrickle_internal.compare_with_source_rows(
  p_id bigint, p_snapshot bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
declare
  scratch text := 'pgtrickle_rows_' || replace(gen_random_uuid()::text, '-', '');
begin
  if current_setting('transaction_read_only')::boolean then
    raise exception 'level rows copies the rows of the sources, which a read-only transaction cannot'
      using errcode = 'TR018', hint = 'Use level engine here.';
  end if;
  -- The query would run over what bears the names of its sources now.
  perform pgtrickle_internal.check_sources(p_id, p_snapshot);
  begin
    execute format('create schema %I', scratch);
    perform pgtrickle_internal.fetch_source_rows(p_id, p_snapshot, scratch);
    perform pgtrickle_internal.run_over_source_rows(p_id, scratch);
    execute pgtrickle_internal.compare_rows_sql(
        format('select * from %I."pgtrickle result"', scratch), pgtrickle_internal.contents_rows_sql(p_id))
      into row_count, expected_row_count, fingerprint, expected_fingerprint,
        missing_count, unexpected_count, missing, unexpected;
    raise exception 'compared' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.compare_with_source_rows(bigint, bigint) is
  'The rows of a stream table against its query, run by PostgreSQL over the rows of its sources at a snapshot.';

create function pgtrickle_internal.fetch_source_rows(p_id bigint, p_snapshot bigint, p_scratch text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  plan text;
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
  row_limit bigint := pgtrickle_internal.verify_rows_limit();
  fetched bigint;
begin
  for source in
    select s.*, c.relname, count(*) over (partition by c.relname) as namesakes,
      row_number() over (order by s.frontier_key) as position
    from pgtrickle_internal.sources s join pg_class c on c.oid = s.relid where s.stream_table_id = p_id
  loop
    if source.namesakes > 1 then
      raise exception 'level rows cannot tell apart sources of the same name (%)', source.relname
        using errcode = 'TR018', hint = 'Use level engine.';
    end if;
    perform pgtrickle_internal.create_source_table(format('%I."pgtrickle source %s"', p_scratch, source.position),
      'recompute', 'to_snapshot bigint', source.relid);
    execute format('create table %I.%I (%s)', p_scratch, source.relname, (
      select string_agg(format('%I %s', c.name, c.type), ', ' order by c.ordinal)
      from pgtrickle_internal.source_columns(source.relid) c));
    plan := pgtrickle_internal.plan_document(format('select %s from %s', (
          select string_agg(quote_ident(c.name), ', ' order by c.ordinal)
          from pgtrickle_internal.source_columns(source.relid) c), source.relation_name),
      jsonb_build_object(source.relation_name, format('%I.%I', source.lake_schema, source.lake_table)),
      '{"TimeZone": "UTC"}', 'rows');
    execute format('insert into %1$I.%2$I select %4$s from (select * from %1$I."pgtrickle source %3$s" '
        'where plan = (select $1) and to_snapshot = (select $2) limit $3) x%5$s',
        p_scratch, source.relname, source.position, (
          select string_agg('x' || c.ordinal, ', ' order by c.ordinal)
          from pgtrickle_internal.source_columns(source.relid) c),
        -- as the query's own reading orders it, for sums of floats
        (select ' order by ' || pgtrickle_internal.leaf_list(l.item, 'x.%1$I%4$s')
          from jsonb_array_elements(layout #> '{top,leaves}') l (item)
          where (layout #>> '{top,is_ordered}')::boolean and l.item ->> 'relation' = source.relation_name))
      using plan, p_snapshot, row_limit + 1;
    get diagnostics fetched = row_count;
    if fetched > row_limit then
      raise exception 'source % has more than % rows at snapshot %', source.relation_name, row_limit, p_snapshot
        using errcode = 'TR018',
          hint = 'Use level engine, or raise the limit: insert into pgtrickle_internal.settings values (''verify_rows_limit'', …);';
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.fetch_source_rows(bigint, bigint, text) is
  'Copies the rows of the sources at a snapshot into tables of the same names in a scratch schema.';

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

create function pgtrickle_internal.verify_rows_limit() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((select s.value from pgtrickle_internal.settings s where s.name = 'verify_rows_limit'), 1000000)::bigint;
end
$$;
comment on function pgtrickle_internal.verify_rows_limit() is
  'Source rows that verification level rows copies at most; setting verify_rows_limit.';
