create function pgtrickle_internal.recompute_changes(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- (select $n): shipped as a parameter, so that an error's context shows no plan text.
  return (
    select format($sql$
      target as materialized (
        select %1$s from %2$s where plan = (select $1) and to_snapshot = (select $3)),
      changes as (
        select 1 as weight, %1$s from target
        union all
        select -1, %3$s from %4$s)$sql$,
      pgtrickle_internal.column_list(p_layout -> 'base_columns'), p_layout ->> 'recompute',
      pgtrickle_internal.column_list(p_layout -> 'base_names'), p_layout ->> 'base'));
end
$$;
comment on function pgtrickle_internal.recompute_changes(jsonb) is
  'CTEs: every row of the target (+1) and every row that is there (-1). $1 plan, $3 snapshot.';
