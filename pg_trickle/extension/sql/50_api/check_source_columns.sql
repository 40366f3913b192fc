-- The engine reads the lake's columns, PostgreSQL typed the query by the foreign table's. Where the two are not the same
-- column with the same values, the stream table would silently not be its query.
create function pgtrickle_internal.check_source_columns(p_view regclass, p_source oid, p_lake_schema text, p_lake_table text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  lake_table_id bigint := (pgtrickle_internal.lake_table_at(p_lake_schema, p_lake_table, pgtrickle_internal.lake_head())).table_id;
  wrong record;
begin
  if lake_table_id is null then
    raise exception 'lake table %.%, of foreign table %, does not exist', p_lake_schema, p_lake_table, p_source::regclass
      using errcode = 'TR016', hint = 'Create it in the lake first, or correct the options of the foreign table.';
  end if;
  select a.attname, format_type(a.atttypid, a.atttypmod) as local_type, c.column_type as lake_type, renamed.option_value as lake_name
    into wrong
    from pg_attribute a
    left join lateral (
      select o.option_value from pg_options_to_table(a.attfdwoptions) o
      where o.option_name = 'column_name' and o.option_value <> a.attname) renamed on true
    left join pgtrickle_internal.lake_columns(lake_table_id) c on c.column_name = a.attname
    where a.attrelid = p_source and a.attnum > 0 and not a.attisdropped
      and exists (
        select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        where r.ev_class = p_view and d.refclassid = 'pg_class'::regclass and d.refobjid = p_source
          and d.refobjsubid in (0, a.attnum))
      and (renamed.option_value is not null
        or not pgtrickle_internal.is_same_type(format_type(a.atttypid, a.atttypmod), c.column_type))
    order by a.attnum limit 1;
  if found then
    raise exception 'column % of foreign table % is % here and % in the lake', quote_ident(wrong.attname), p_source::regclass,
        wrong.local_type, coalesce('column ' || quote_ident(wrong.lake_name), wrong.lake_type, 'missing')
      using errcode = 'TR016', hint = 'Create the foreign table with the lake''s own column names and types.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_source_columns(regclass, oid, text, text) is
  'TR016 if a column that a view uses is not what it is in the lake.';
