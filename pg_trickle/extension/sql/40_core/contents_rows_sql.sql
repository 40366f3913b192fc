create function pgtrickle_internal.contents_rows_sql(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  return format('select %s from only %s', pgtrickle_internal.column_list(layout -> 'public_columns'), layout ->> 'public');
end
$$;
comment on function pgtrickle_internal.contents_rows_sql(bigint) is 'SELECT of the public columns as they are.';
