create function pgtrickle_internal.diff_rows_sql(p_layout jsonb, p_expected text, p_actual text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format($sql$
    with weighted as (
      select 1 as weight, row(%1$s)::%2$s as value from (%3$s) r
      union all
      select -1, row(%1$s)::%2$s from (%4$s) r)
    select case when n.weight < 0 then '-' else '+' end, n.value
    from (
      select w.value::text as image, sum(w.weight) as weight, (array_agg(w.value))[1] as value
      from weighted w group by 1 having sum(w.weight) <> 0) n
    cross join generate_series(1, abs(n.weight))
    order by n.image collate "C", 1$sql$,
    pgtrickle_internal.column_list(p_layout -> 'public_columns', 'r'), p_layout ->> 'public', p_expected, p_actual);
end
$$;
comment on function pgtrickle_internal.diff_rows_sql(jsonb, text, text) is
  'SELECT of what turns the rows of one query (actual) into those of another (expected): change, row.';
