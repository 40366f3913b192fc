-- What a strategy changes, as CTEs that define changes(weight, <base columns>).

-- Exact because counts and sums of exact numbers form a group: the state of a group plus its signed change is the state at
-- the other end.
create function pgtrickle_internal.delta_changes(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  keys text := pgtrickle_internal.column_list(p_layout -> 'key_columns', 'd');
  row_count text := quote_ident(p_layout ->> 'row_count');
  states text;
  old_matches text := format('%s = %s', pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'o'),
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'd'));
begin
  if p_layout ? 'top' and p_layout ->> 'shape' = 'rows' then
    return format('changes as materialized (select c.weight, %s from %s($1, $3, $2) c)',
      pgtrickle_internal.collated_list(p_layout, 'c'), p_layout #>> '{top,delta,function}');
  end if;
  select string_agg(', ' || case s.item ->> 'role'
        when 'sum' then format(
          'case when coalesce(o.%1$I, 0) + d.%1$I = 0 then null else coalesce(o.%2$I, 0) + coalesce(d.%2$I, 0) end',
          s.item ->> 'count', s.item ->> 'column')
        else format('coalesce(o.%1$I, 0) + d.%1$I', s.item ->> 'column') end, '' order by s.position)
    into states
    from jsonb_array_elements(p_layout -> 'states') with ordinality as s (item, position);
  return format($sql$
    d as materialized (%1$s),
    old as materialized (
      select o.* from %2$s o join d on %3$s),
    changes as (
      select -1 as weight, %4$s from old o
      union all
      select 1, %5$s coalesce(o.%7$s, 0) + d.%7$s %6$s from d left join old o on %3$s
      where %8$s or coalesce(o.%7$s, 0) + d.%7$s <> 0)$sql$,
    pgtrickle_internal.state_delta_sql(p_layout), p_layout ->> 'base', old_matches,
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'o'),
    coalesce(keys || ',', ''), coalesce(states, ''), row_count, p_layout ->> 'global');
end
$$;
comment on function pgtrickle_internal.delta_changes(jsonb) is
  'CTEs: the touched groups as they were (-1) and as they become (+1). $1 plan, $2 reads, $3 to.';

create function pgtrickle_internal.state_delta_sql(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_layout ? 'top' then
    return pgtrickle_internal.grouped_sql(p_layout, format('select c.weight, %s from %s($1, $3, $2) c',
      pgtrickle_internal.collated_list(p_layout, 'c'), p_layout #>> '{top,delta,function}'), 'r.weight');
  end if;
  return format('select %s from %s q where plan = (select $1) and reads = (select $2) and to_snapshot = (select $3)',
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'q'), p_layout ->> 'delta');
end
$$;
comment on function pgtrickle_internal.state_delta_sql(jsonb) is 'SELECT of the signed changes of the hidden state, by group.';

create function pgtrickle_internal.recompute_changes(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  target text := format('target as materialized (%s)', pgtrickle_internal.query_rows_sql(p_layout, '$3'));
begin
  if p_layout ->> 'shape' = 'state' and not (p_layout ->> 'global')::boolean then
    return target || ',' || pgtrickle_internal.differing_groups(p_layout);
  end if;
  return format($sql$%1$s,
    changes as (
      select 1 as weight, %2$s from target
      union all
      select -1, %3$s from only %4$s b)$sql$,
    target, pgtrickle_internal.column_list(p_layout -> 'base_columns'),
    pgtrickle_internal.base_list(p_layout, 'b'), p_layout ->> 'base');
end
$$;
comment on function pgtrickle_internal.recompute_changes(jsonb) is
  'CTEs: rows of the target (+1) and rows that are there (-1), at least those that differ. $1 plan, $3 snapshot.';

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
      select -1 as weight, %4$s from pairs p where (p.old).%6$I is not null
      union all
      select 1, %5$s from pairs p where (p.new).%6$I is not null)$sql$,
    p_layout ->> 'base', matches,
    pgtrickle_internal.differs_sql(compared, compared_types, 'b', 't'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', '(p.old)'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', '(p.new)'), p_layout ->> 'row_count');
end
$$;
comment on function pgtrickle_internal.differing_groups(jsonb) is 'CTEs pairs and changes: the groups in which state and target differ.';
