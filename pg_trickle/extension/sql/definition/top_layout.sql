-- Of a query without exact group states: who computes its rows, and how changes keep them.

-- Who computes such rows: the engine whole, or PostgreSQL over leaves; and, by leaves, how they are kept by changes.
create function pgtrickle_internal.build_top_layout(
  p_st pgtrickle_internal.stream_tables, p_kind jsonb, p_view regclass, p_sources jsonb, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_whole boolean := coalesce((p_st.description #>> '{engine,ok}')::boolean, true);
  leaves jsonb := pgtrickle_internal.keyed_leaves(pgtrickle_internal.build_leaves(p_sources, p_stem), p_kind);
  is_kept boolean := p_kind ->> 'name' in ('rows', 'keyed') and leaves is not null and not exists (
    select from jsonb_array_elements(p_sources) s (item) where pgtrickle_internal.has_parts(s.item));
  layout jsonb := case when is_whole then jsonb_build_object('recompute', format('pgtrickle_lake.r_%s', p_stem)) else '{}' end;
  top jsonb;
begin
  if is_whole and is_kept is not true then
    return layout;
  end if;
  top := jsonb_build_object('definition', pgtrickle_internal.bare_definition(p_view, p_sources), 'settings', p_st.settings,
    'leaves', coalesce(leaves, pgtrickle_internal.build_leaves(p_sources, p_stem)), 'is_ordered', coalesce((p_st.description #>> '{shape,sums_floats}')::boolean, false));
  if not is_whole then
    top := top || jsonb_build_object('function', format('pgtrickle_lake.t_%s', p_stem));
  end if;
  if is_kept then
    top := top || jsonb_build_object('delta', jsonb_build_object('kind', p_kind -> 'name',
      'function', format('pgtrickle_lake.q_%s', p_stem)));
    layout := layout || jsonb_build_object('delta', leaves #>> '{0,changes}');
  end if;
  return layout || jsonb_build_object('top', top);
end
$$;
comment on function pgtrickle_internal.build_top_layout(pgtrickle_internal.stream_tables, jsonb, regclass, jsonb, text) is
  'The part of the layout of a stream table without hidden state that says who computes its rows and their changes.';

-- The rows that are grouped into hidden state, where PostgreSQL groups: keys k1, k2 … and arguments a1, a2 … of the aggregates.
create function pgtrickle_internal.build_grouped_layout(
  p_st pgtrickle_internal.stream_tables, p_grouped jsonb, p_key_types jsonb, p_view regclass, p_sources jsonb, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  rows_view regclass;
  leaves jsonb := pgtrickle_internal.keyed_leaves(pgtrickle_internal.build_leaves(p_sources, p_stem), p_grouped -> 'kind');
begin
  if leaves is null
      or exists (select from jsonb_array_elements(p_sources) s (item) where pgtrickle_internal.has_parts(s.item))
      -- groups of equal values that are written differently have one of the spellings, by chance
      or exists (select from jsonb_array_elements_text(p_key_types) t (type) where not pgtrickle_internal.is_exact_type(t.type)) then
    return null;
  end if;
  execute format('create view pgtrickle_internal."rows of %s" as %s', p_stem, p_grouped ->> 'query');
  rows_view := format('pgtrickle_internal."rows of %s"', p_stem)::regclass;
  perform pgtrickle_internal.check_view_calls(rows_view);
  if pgtrickle_internal.relations_read(rows_view) is distinct from pgtrickle_internal.relations_read(p_view) then
    return null;
  end if;
  return jsonb_build_object('delta', leaves #>> '{0,changes}', 'top', jsonb_build_object(
    'definition', pgtrickle_internal.bare_definition(rows_view, p_sources), 'settings', p_st.settings, 'leaves', leaves, 'is_ordered', false,
    'function', format('pgtrickle_lake.t_%s', p_stem),
    'delta', jsonb_build_object('kind', p_grouped #> '{kind,name}', 'function', format('pgtrickle_lake.q_%s', p_stem)),
    'columns', (select jsonb_agg(c.name order by c.ordinal) from pgtrickle_internal.view_columns(rows_view) c),
    'types', (select jsonb_agg(c.type order by c.ordinal) from pgtrickle_internal.view_columns(rows_view) c)));
end
$$;
comment on function pgtrickle_internal.build_grouped_layout(pgtrickle_internal.stream_tables, jsonb, jsonb, regclass, jsonb, text) is
  'The part of the layout of a stream table whose hidden state PostgreSQL groups from rows of the lake; NULL where that is not exact.';

create function pgtrickle_internal.keyed_leaves(p_leaves jsonb, p_kind jsonb) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  leaves jsonb;
begin
  if p_kind ->> 'name' is distinct from 'keyed' then
    return p_leaves;
  end if;
  select jsonb_agg(l.item || jsonb_build_object('keys', (
      select jsonb_agg(c.item order by name.position)
      from jsonb_array_elements(p_kind -> 'keys') k (item)
      cross join lateral jsonb_array_elements_text(k.item -> 'columns') with ordinality as name (name, position)
      join jsonb_array_elements(l.item -> 'columns') c (item) on c.item ->> 'name' = name.name
      where format('%I.%I', k.item ->> 'schema', k.item ->> 'table') = l.item ->> 'relation')) order by l.position)
    into leaves
    from jsonb_array_elements(p_leaves) with ordinality as l (item, position);
  -- Keys of different types are equal by rules of their own.
  if exists (
      select from jsonb_array_elements(leaves) l (item)
      where coalesce(jsonb_path_query_array(l.item, '$.keys[*].type'), '[]') <> jsonb_path_query_array(leaves, '$[0].keys[*].type')
        or jsonb_path_query_array(l.item, '$.keys[*].collation') <> jsonb_path_query_array(leaves, '$[0].keys[*].collation')) then
    return null;
  end if;
  return leaves;
end
$$;
comment on function pgtrickle_internal.keyed_leaves(jsonb, jsonb) is
  'The leaves of a query with the columns of their keys; NULL where these are of different types.';

create function pgtrickle_internal.has_parts(p_source jsonb) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from pgtrickle_internal.lake_table_at(p_source ->> 'lake_schema', p_source ->> 'lake_table', pgtrickle_internal.lake_head()) t
    cross join lateral pgtrickle_internal.lake_columns(t.table_id) c
    where p_source -> 'columns' ? c.column_name and c.column_type in ('list', 'struct', 'map'));
end
$$;
comment on function pgtrickle_internal.has_parts(jsonb) is
  'Whether a query uses a column of lists, structs or maps, of which the changes are not read.';
