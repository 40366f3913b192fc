-- (select $n): shipped as a parameter, so that an error's context shows no plan text.
create function pgtrickle_internal.recompute_changes(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  target text := format('target as materialized (select %s from %s where plan = (select $1) and to_snapshot = (select $3))',
    pgtrickle_internal.column_list(p_layout -> 'base_columns'), p_layout ->> 'recompute');
begin
  if p_layout ->> 'shape' = 'state' and not (p_layout ->> 'global')::boolean then
    return target || ',' || pgtrickle_internal.differing_groups(p_layout);
  end if;
  return format($sql$%1$s,
    changes as (
      select 1 as weight, %2$s from target
      union all
      select -1, %3$s from %4$s)$sql$,
    target, pgtrickle_internal.column_list(p_layout -> 'base_columns'),
    pgtrickle_internal.column_list(p_layout -> 'base_names'), p_layout ->> 'base');
end
$$;
comment on function pgtrickle_internal.recompute_changes(jsonb) is
  'CTEs: rows of the target (+1) and rows that are there (-1), at least those that differ. $1 plan, $3 snapshot.';
