create function pgtrickle_internal.source_columns(p_relid regclass)
returns table (name name, type text, lake_name text, ordinal integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select a.attname, format_type(a.atttypid, a.atttypmod),
      coalesce((select o.option_value from pg_options_to_table(a.attfdwoptions) o where o.option_name = 'column_name'), a.attname),
      a.attnum::integer
    from pg_attribute a
    where a.attrelid = p_relid and a.attnum > 0 and not a.attisdropped
    order by a.attnum;
end
$$;
comment on function pgtrickle_internal.source_columns(regclass) is 'Columns of a lake table here, with their names in the lake.';
