-- Joining on the plain key columns is several times faster than netting all rows. It leaves groups with a NULL key unmatched on
-- both sides; netting, which takes NULLs as equal, then drops those that are the same.
create function pgtrickle_internal.differing_groups(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  matches text;
  measures jsonb;
begin
  select string_agg(format('b.%1$I = t.%1$I', k.name), ' and ' order by k.position) into matches
    from jsonb_array_elements_text(p_layout -> 'key_columns') with ordinality as k (name, position);
  select jsonb_agg(c.name order by c.position) into measures
    from jsonb_array_elements_text(p_layout -> 'base_columns') with ordinality as c (name, position)
    where not p_layout -> 'key_columns' ? c.name;
  return format($sql$
    pairs as materialized (
      select b as old, t as new from %1$s b full join target t on %2$s
      where (%3$s) is distinct from (%4$s)),
    changes as (
      select -1 as weight, %5$s from pairs p where (p.old).n is not null
      union all
      select 1, %6$s from pairs p where (p.new).n is not null)$sql$,
    p_layout ->> 'base', matches, pgtrickle_internal.column_list(measures, 'b'), pgtrickle_internal.column_list(measures, 't'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', '(p.old)'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', '(p.new)'));
end
$$;
comment on function pgtrickle_internal.differing_groups(jsonb) is 'CTEs pairs and changes: the groups in which state and target differ.';
