create function pgtrickle_internal.check_sources(p_id bigint, p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  missing text[];
begin
  for source in select s.* from pgtrickle_internal.sources s where s.stream_table_id = p_id loop
    if not exists (select from pg_class where oid = source.relid and relkind = 'f') then
      raise exception 'source % of stream table % was dropped', source.relation_name, pgtrickle_internal.qualified_name(p_id)
        using errcode = 'TR016', hint = 'Drop the stream table and create it again, or bring the foreign table back and create it again.';
    end if;
    if (pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_snapshot)).table_id is null then
      raise exception 'lake table %.% (source % of stream table %) does not exist at snapshot %', source.lake_schema,
          source.lake_table, source.relation_name, pgtrickle_internal.qualified_name(p_id), p_snapshot
        using errcode = 'TR016', hint = 'Choose a snapshot at which the table existed.';
    end if;
    missing := pgtrickle_internal.missing_columns(source.lake_schema, source.lake_table, source.lake_columns, p_snapshot);
    if missing[1] is not null then
      raise exception 'lake table %.% had no column % at snapshot %', source.lake_schema, source.lake_table,
          (select string_agg(quote_ident(m.name), ', ') from unnest(missing) as m (name)), p_snapshot
        using errcode = 'TR016', hint = format('The query of stream table %s needs it: choose a snapshot at which it was there. Where it was dropped since: add it again, or drop the stream table and create it without.',
          pgtrickle_internal.qualified_name(p_id));
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.check_sources(bigint, bigint) is
  'TR016 if a source of a stream table was dropped here, or does not exist in the lake at that snapshot, or lacks a column of the query there.';
