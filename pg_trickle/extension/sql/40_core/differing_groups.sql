-- Joining on the plain key columns is several times faster than netting all rows. It leaves groups with a NULL key unmatched on
-- both sides; netting, which takes NULLs as equal, then drops those that are the same.
create function pgtrickle_internal.differing_groups(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  matches text;
  compared jsonb;
  compared_types jsonb;
begin
  select string_agg(format('b.%1$I = t.%1$I', k.name), ' and ' order by k.position) into matches
    from jsonb_array_elements_text(p_layout -> 'key_columns') with ordinality as k (name, position);
  -- The keys are equal already; of numeric ones the scale may not be.
  select jsonb_agg(c.name order by c.position), jsonb_agg(t.type order by c.position) into compared, compared_types
    from jsonb_array_elements_text(p_layout -> 'base_columns') with ordinality as c (name, position)
    join jsonb_array_elements_text(p_layout -> 'base_types') with ordinality as t (type, position) using (position)
    where not p_layout -> 'key_columns' ? c.name or t.type like 'numeric%';
  return format($sql$
    pairs as materialized (
      select b as old, t as new from %1$s b full join target t on %2$s
      where %3$s),
    changes as (
      select -1 as weight, %4$s from pairs p where (p.old).n is not null
      union all
      select 1, %5$s from pairs p where (p.new).n is not null)$sql$,
    p_layout ->> 'base', matches,
    pgtrickle_internal.differs_sql(compared, compared_types, 'b', 't'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', '(p.old)'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', '(p.new)'));
end
$$;
comment on function pgtrickle_internal.differing_groups(jsonb) is 'CTEs pairs and changes: the groups in which state and target differ.';
