create function pgtrickle_internal.fetch_source_rows(p_id bigint, p_snapshot bigint, p_scratch text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  plan text;
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
    execute format('insert into %1$I.%2$I select %4$s from %1$I."pgtrickle source %3$s" '
        'where plan = (select $1) and to_snapshot = (select $2) limit $3',
        p_scratch, source.relname, source.position, (
          select string_agg('x' || c.ordinal, ', ' order by c.ordinal)
          from pgtrickle_internal.source_columns(source.relid) c))
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
