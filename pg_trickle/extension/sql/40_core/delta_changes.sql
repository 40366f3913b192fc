-- Exact because counts and sums of exact numbers form a group: the state of a group plus its signed change is the state at
-- the other end.
create function pgtrickle_internal.delta_changes(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  keys text := pgtrickle_internal.column_list(p_layout -> 'key_columns', 'd');
  sums text;
  old_matches text := format('%s = %s', pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'o'),
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'd'));
begin
  select string_agg(case
        when c.name like 's%' then format(
          'case when coalesce(o.%1$I, 0) + d.%1$I = 0 then null else coalesce(o.%2$I, 0) + coalesce(d.%2$I, 0) end',
          'c' || substr(c.name, 2), c.name)
        else format('coalesce(o.%1$I, 0) + d.%1$I', c.name) end, ', ' order by c.position)
        filter (where not p_layout -> 'key_columns' ? c.name)
    into sums
    from jsonb_array_elements_text(p_layout -> 'base_columns') with ordinality as c (name, position);
  return format($sql$
    d as materialized (
      select %1$s from %2$s q
      where plan = (select $1) and reads = (select $2) and to_snapshot = (select $3)),
    old as materialized (
      select o.* from %3$s o join d on %4$s),
    changes as (
      select -1 as weight, %5$s from old o
      union all
      select 1, %6$s %7$s from d left join old o on %4$s
      where %8$s or coalesce(o.n, 0) + d.n <> 0)$sql$,
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'q'), p_layout ->> 'delta', p_layout ->> 'base', old_matches,
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'o'),
    coalesce(keys || ',', ''), sums, p_layout ->> 'global');
end
$$;
comment on function pgtrickle_internal.delta_changes(jsonb) is
  'CTEs: the touched groups as they were (-1) and as they become (+1). $1 plan, $2 reads, $3 to.';
