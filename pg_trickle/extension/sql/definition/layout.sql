-- Where the rows of a query will be: in a hidden state table if it is kept up by deltas, else only in the stream table itself. The hidden
-- relations are named by a stem: the id of the stream table; for a later query of it, id and a number.

create function pgtrickle_internal.build_layout(p_st pgtrickle_internal.stream_tables, p_view regclass, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := jsonb_build_object(
    'public', format('%I.%I', p_st.schema_name, p_st.table_name),
    'journal', format('pgtrickle_state.j_%s', p_stem), 'key_type', format('pgtrickle_state.k_%s', p_stem),
    'recompute', format('pgtrickle_lake.r_%s', p_stem),
    'public_columns', (select jsonb_agg(c.name order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c),
    'public_types', (select jsonb_agg(c.type order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c));
begin
  if (p_st.description #>> '{incremental,ok}')::boolean and not exists (
      select from jsonb_array_elements(p_st.description #> '{incremental,keys}') k (item) where k.item ->> 'output' is null) then
    return layout || pgtrickle_internal.build_state_layout(p_st, layout, p_stem);
  end if;
  if p_st.mode = 'DIFFERENTIAL' then
    raise exception 'the query cannot be maintained incrementally: a GROUP BY expression is not among its columns'
      using errcode = 'TR009', detail = 'HIDDEN_KEY', hint = 'Select every GROUP BY expression too, or use mode FULL.';
  end if;
  return layout || jsonb_build_object('shape', 'rows', 'global', false, 'base', layout ->> 'public', 'delta', null,
    'row_count', null, 'states', '[]'::jsonb,
    'base_names', layout -> 'public_columns', 'base_types', layout -> 'public_types',
    'base_columns', (select jsonb_agg('x' || c.ordinal order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c),
    'key_columns', (select jsonb_agg('x' || c.ordinal order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c),
    'key_types', layout -> 'public_types', 'public_key_columns', layout -> 'public_columns',
    'projection', (select jsonb_agg('f.x' || c.ordinal order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c));
end
$$;
comment on function pgtrickle_internal.build_layout(pgtrickle_internal.stream_tables, regclass, text) is
  'Where the rows of a query will be; see stream_tables.layout.';

-- Hidden state: for each group its keys, its number of rows n, and for each aggregated expression how many values are not
-- NULL (c) and their exact sum (s). PostgreSQL makes count, sum and avg from them, so their types and digits are its own. The names
-- are the engine's; what a column is stands in the layout, and is read from nowhere else.
create function pgtrickle_internal.build_state_layout(p_st pgtrickle_internal.stream_tables, p_layout jsonb, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  incremental jsonb := p_st.description -> 'incremental';
  outputs jsonb;
  key_columns jsonb;
  key_types jsonb;
  public_key_columns jsonb;
  states jsonb := pgtrickle_internal.state_columns(incremental -> 'outputs');
  base_columns jsonb;
begin
  select jsonb_agg(o.item || jsonb_build_object('position', o.position, 'name', p_layout -> 'public_columns' -> (o.position - 1)::integer,
      'type', p_layout -> 'public_types' -> (o.position - 1)::integer) order by o.position)
    into outputs
    from jsonb_array_elements(incremental -> 'outputs') with ordinality as o (item, position);
  select coalesce(jsonb_agg('k' || k.number order by k.number), '[]'), coalesce(jsonb_agg(k.type order by k.number), '[]'),
      coalesce(jsonb_agg(k.name order by k.number), '[]')
    into key_columns, key_types, public_key_columns
    from (
      select distinct on ((o.item ->> 'key')::integer) (o.item ->> 'key')::integer as number, o.item ->> 'type' as type, o.item ->> 'name' as name
      from jsonb_array_elements(outputs) o (item) where o.item ->> 'kind' = 'key'
      order by (o.item ->> 'key')::integer, (o.item ->> 'position')::integer) k;
  base_columns := key_columns || '["n"]' || (
    select coalesce(jsonb_agg(s.item -> 'column' order by s.position), '[]')
    from jsonb_array_elements(states) with ordinality as s (item, position));
  return jsonb_build_object('shape', 'state', 'global', coalesce((incremental ->> 'global')::boolean, false),
    'base', format('pgtrickle_state.s_%s', p_stem), 'delta', format('pgtrickle_lake.d_%s', p_stem),
    'row_count', 'n', 'states', states, 'base_columns', base_columns, 'base_names', base_columns,
    'base_types', key_types || '["bigint"]' || (
      select coalesce(jsonb_agg(case s.item ->> 'role' when 'count' then 'bigint' else 'numeric' end order by s.position), '[]')
      from jsonb_array_elements(states) with ordinality as s (item, position)),
    'key_columns', key_columns, 'key_types', key_types, 'public_key_columns', public_key_columns,
    'projection', (
      select jsonb_agg(case o.item ->> 'kind'
          when 'key' then format('f.k%s', (o.item ->> 'key')::integer)
          when 'count_star' then format('f.n::%s', o.item ->> 'type')
          when 'count' then format('f.c%s::%s', (o.item ->> 'state')::integer, o.item ->> 'type')
          when 'sum' then format('f.s%s::%s', (o.item ->> 'state')::integer, o.item ->> 'type')
          when 'avg' then format('(f.s%1$s / nullif(f.c%1$s, 0))::%2$s', (o.item ->> 'state')::integer, o.item ->> 'type')
        end order by (o.item ->> 'position')::integer)
      from jsonb_array_elements(outputs) o (item)));
end
$$;
comment on function pgtrickle_internal.build_state_layout(pgtrickle_internal.stream_tables, jsonb, text) is
  'The part of the layout of a stream table with hidden state.';

create function pgtrickle_internal.state_columns(p_outputs jsonb) returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('role', s.role, 'state', s.state) || case s.role
        when 'count' then jsonb_build_object('column', 'c' || s.state)
        else jsonb_build_object('column', 's' || s.state, 'count', 'c' || s.state) end order by s.state, s.role), '[]')
    from (
      select distinct (o.item ->> 'state')::integer as state, role
      from jsonb_array_elements(p_outputs) o (item)
      cross join lateral unnest(case when o.item ->> 'kind' = 'count' then array['count'] else array['count', 'sum'] end) role
      where o.item ? 'state') s);
end
$$;
comment on function pgtrickle_internal.state_columns(jsonb) is
  'The columns of hidden state behind the aggregates that the engine told, in order: role count or sum, of a sum also the column that counts its values.';
