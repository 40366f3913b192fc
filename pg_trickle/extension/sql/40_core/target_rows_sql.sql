create function pgtrickle_internal.target_rows_sql(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  return format('select %s from (select %s from %s where plan = (select $1) and to_snapshot = (select $2)) f',
    pgtrickle_internal.projection_list(layout), pgtrickle_internal.column_list(layout -> 'base_columns'),
    layout ->> 'recompute');
end
$$;
comment on function pgtrickle_internal.target_rows_sql(bigint) is
  'SELECT of the public columns at a snapshot, recomputed by the engine; $1 plan_text(id), $2 snapshot.';
