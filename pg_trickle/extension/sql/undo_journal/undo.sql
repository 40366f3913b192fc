-- The journal of a stream table holds what each refresh changed in its base rows; negated, it undoes them.

create function pgtrickle_internal.undo_changes(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('changes as (select -j.weight as weight, %s from %s j where j.refresh_id > $4)',
      pgtrickle_internal.column_list(p_layout -> 'base_columns', 'j'), p_layout ->> 'journal'));
end
$$;
comment on function pgtrickle_internal.undo_changes(jsonb) is 'CTE: the journal after refresh $4, negated.';

create function pgtrickle_internal.undo_rows_sql(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  return pgtrickle_internal.public_rows_sql(layout, format($sql$(
    select n.* from (
      select sum(c.weight)::bigint as "pgtrickle weight", %1$s from (
        select 1, %2$s from %3$s b
        union all
        select -j.weight, %4$s from %5$s j where j.refresh_id > $1) c (weight, %1$s)
      group by %6$s having sum(c.weight) > 0) n
    cross join generate_series(1, n."pgtrickle weight"))$sql$,
    pgtrickle_internal.column_list(layout -> 'base_columns'),
    pgtrickle_internal.base_list(layout, 'b'), layout ->> 'base',
    pgtrickle_internal.column_list(layout -> 'base_columns', 'j'), layout ->> 'journal',
    array_to_string(array[pgtrickle_internal.column_list(layout -> 'base_columns')]
      || pgtrickle_internal.spelling_list(layout -> 'base_columns', layout -> 'base_types', 'c'), ', ')));
end
$$;
comment on function pgtrickle_internal.undo_rows_sql(bigint) is
  'SELECT of the public columns as they were after refresh $1, from base and journal; writes nothing.';

create function pgtrickle_internal.rows_after(p_row_type anyelement, p_id bigint, p_refresh bigint) returns setof anyelement
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute pgtrickle_internal.undo_rows_sql(p_id) using p_refresh;
end
$$;
comment on function pgtrickle_internal.rows_after(anyelement, bigint, bigint) is
  'The rows of a stream table as they were after a refresh, by the undo journal.';
