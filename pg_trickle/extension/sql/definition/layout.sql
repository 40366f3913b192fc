-- Where the rows of a query will be: in a hidden state table if it is kept up by deltas, else only in the stream table itself. The hidden
-- relations are named by a stem: the id of the stream table; for a later query of it, id and a number.

create function pgtrickle_internal.build_layout(p_st pgtrickle_internal.stream_tables, p_view regclass, p_sources jsonb, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := jsonb_build_object(
    'public', format('%I.%I', p_st.schema_name, p_st.table_name),
    'journal', format('pgtrickle_state.j_%s', p_stem), 'key_type', format('pgtrickle_state.k_%s', p_stem),
    'row_type', format('pgtrickle_state.m_%s', p_stem),
    'public_columns', (select jsonb_agg(c.name order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c),
    'public_types', (select jsonb_agg(c.type order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c));
  kind jsonb := case when p_st.mode <> 'FULL' then p_st.description #> '{shape,kind}' end;
  projected jsonb;
begin
  layout := layout || pgtrickle_internal.build_public_rows(layout);
  if (p_st.description #>> '{incremental,ok}')::boolean and not exists (
      select from jsonb_array_elements(p_st.description #> '{incremental,keys}') k (item) where k.item ->> 'output' is null) then
    return layout || jsonb_build_object('matched_by', 'key')
      || pgtrickle_internal.build_state_layout(p_st.description -> 'incremental', layout -> 'public_columns', layout -> 'public_types', p_stem);
  end if;
  if kind ->> 'name' = 'state' then
    projected := pgtrickle_internal.build_projected_layout(p_st, kind, p_view, p_sources, p_stem);
    if projected is not null then
      return layout || projected;
    end if;
    kind := kind -> 'otherwise';
  end if;
  layout := layout || pgtrickle_internal.build_rows_layout(layout)
    || pgtrickle_internal.build_top_layout(p_st, kind, p_view, p_sources, p_stem);
  if p_st.mode = 'DIFFERENTIAL' and layout ->> 'delta' is null then
    raise exception 'the query cannot be maintained incrementally: %',
        coalesce(p_st.description #>> '{incremental,message}', 'a GROUP BY expression is not among its columns')
      using errcode = 'TR009', detail = coalesce(p_st.description #>> '{incremental,code}', 'HIDDEN_KEY'),
        hint = coalesce(p_st.description #>> '{incremental,hint}', 'Select every GROUP BY expression too, or use mode AUTO, which recomputes it at each refresh.');
  end if;
  return layout;
end
$$;
comment on function pgtrickle_internal.build_layout(pgtrickle_internal.stream_tables, regclass, jsonb, text) is
  'Where the rows of a query will be; see stream_tables.layout. TR009 for mode DIFFERENTIAL where nothing keeps it by changes.';

-- How public rows are compared where no key tells them apart. Of a column whose values have no equality (json) it is the text.
create function pgtrickle_internal.build_public_rows(p_layout jsonb) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('matched_by', 'rows', 'public_rows', jsonb_build_object('columns', jsonb_agg('x' || t.position order by t.position),
      'types', jsonb_agg(b.type order by t.position), 'projection',
      jsonb_agg(case when b.type = t.type then format('f.x%s', t.position) else format('f.x%s::%s', t.position, t.type) end order by t.position)))
    from jsonb_array_elements_text(p_layout -> 'public_types') with ordinality as t (type, position)
    cross join lateral pgtrickle_internal.comparable_type(t.type) b (type));
end
$$;
comment on function pgtrickle_internal.build_public_rows(jsonb) is 'The part of a layout that says how public rows are compared as a multiset.';

-- The public rows are the base rows, and their own key.
create function pgtrickle_internal.build_rows_layout(p_layout jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select jsonb_build_object('shape', 'rows', 'global', false, 'base', p_layout ->> 'public', 'delta', null, 'row_count', null, 'states', '[]'::jsonb,
    'base_names', p_layout -> 'public_columns', 'base_columns', p_layout #> '{public_rows,columns}', 'base_types', p_layout #> '{public_rows,types}',
    'key_columns', p_layout #> '{public_rows,columns}', 'key_types', p_layout #> '{public_rows,types}',
    'public_key_columns', p_layout -> 'public_columns', 'projection', p_layout #> '{public_rows,projection}');
end;
comment on function pgtrickle_internal.build_rows_layout(jsonb) is 'The part of the layout of a stream table that is its own base relation.';

-- Hidden state, and expressions over it that PostgreSQL computes. The texts of both come from the engine: they are used only if PostgreSQL
-- reads them as queries over the view's own source, with the view's columns and with nothing that a stream table may not have.
create function pgtrickle_internal.build_projected_layout(
  p_st pgtrickle_internal.stream_tables, p_kind jsonb, p_view regclass, p_sources jsonb, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  state_view text := format('pgtrickle_internal."state of %s"', p_stem);
  projected_view text := format('pgtrickle_internal."projection of %s"', p_stem);
  layout jsonb;
  grouped jsonb := '{}';
begin
  if not pgtrickle_internal.is_printed_alike(p_view, p_kind ->> 'printed') then
    return null;
  end if;
  begin
    execute format('create view %s as %s', state_view, p_kind ->> 'state_query');
    execute format('create view %s as select %s from %s o%s', projected_view, (
        select string_agg(format('%s as %I', e.expression, c.name), ', ' order by c.ordinal)
        from jsonb_array_elements_text(p_kind -> 'projection') with ordinality as e (expression, position)
        join pgtrickle_internal.view_columns(p_view) c on c.ordinal = e.position), state_view, ' where ' || (p_kind ->> 'having'));
    perform pgtrickle_internal.check_same_result(p_view, state_view::regclass, projected_view::regclass);
    layout := pgtrickle_internal.build_state_layout(p_kind -> 'incremental',
      (select jsonb_agg(c.name order by c.ordinal) from pgtrickle_internal.view_columns(state_view::regclass) c),
      (select jsonb_agg(c.type order by c.ordinal) from pgtrickle_internal.view_columns(state_view::regclass) c), p_stem);
    if p_kind ->> 'grouped' is not null then
      grouped := pgtrickle_internal.build_grouped_layout(p_st, p_kind -> 'grouped', layout -> 'key_types', p_view, p_sources, p_stem);
      layout := layout - 'recompute';
    end if;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return layout || jsonb_build_object('matched_by', 'rows', 'public_key_columns', '[]'::jsonb, 'state_query', p_kind -> 'state_query',
    'outputs', layout -> 'projection', 'projection', p_kind -> 'projection', 'having', p_kind -> 'having') || grouped;
end
$$;
comment on function pgtrickle_internal.build_projected_layout(pgtrickle_internal.stream_tables, jsonb, regclass, jsonb, text) is
  'The part of the layout of a stream table with hidden state and expressions over it; NULL where it cannot have that.';

-- A printer that loses something would change what the query means.
create function pgtrickle_internal.is_printed_alike(p_view regclass, p_printed text) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_alike boolean;
begin
  begin
    execute format('create view pgtrickle_internal."printed query" as %s', p_printed);
    is_alike := pg_get_viewdef('pgtrickle_internal."printed query"') = pg_get_viewdef(p_view);
    raise exception 'read' using errcode = 'TR999';
  exception
    when sqlstate 'TR999' then
      return is_alike;
    -- what PostgreSQL cannot read is not alike
    when syntax_error_or_access_rule_violation or feature_not_supported then
      return false;
  end;
end
$$;
comment on function pgtrickle_internal.is_printed_alike(regclass, text) is
  'Whether PostgreSQL reads a printed query as that of the view.';

create function pgtrickle_internal.check_same_result(p_view regclass, p_state_view regclass, p_projected_view regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_view_calls(p_state_view);
  perform pgtrickle_internal.check_view_calls(p_projected_view);
  if (select array_agg(row(c.name, c.type) order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c)
      is distinct from (select array_agg(row(c.name, c.type) order by c.ordinal) from pgtrickle_internal.view_columns(p_projected_view) c)
    or pgtrickle_internal.relations_read(p_state_view) is distinct from pgtrickle_internal.relations_read(p_view)
    or pgtrickle_internal.relations_read(p_projected_view) is distinct from array[p_state_view]
  then
    raise exception 'the lake engine has read the query as another one' using errcode = 'TR009', detail = 'REFUSED',
      hint = 'Use mode FULL: it does not take the query apart. Please report the query.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_same_result(regclass, regclass, regclass) is
  'TR009 if a query taken apart by the engine has other columns or other sources.';

create function pgtrickle_internal.relations_read(p_view regclass) returns regclass[]
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select array_agg(distinct d.refobjid::regclass order by d.refobjid::regclass)
  from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
  where r.ev_class = p_view and d.refobjid <> p_view;
end;
comment on function pgtrickle_internal.relations_read(regclass) is 'The relations that a view reads.';

-- PostgreSQL itself says whether it can group by a type.
create function pgtrickle_internal.comparable_type(p_type text) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('select from (select null::%s as value) v group by value', regexp_replace(p_type, ' collate "C"$', ''));
  return p_type;
exception when undefined_function then
  return 'text collate "C"';
end
$$;
comment on function pgtrickle_internal.comparable_type(text) is 'The type itself, or text for one whose values cannot be compared.';

-- Hidden state: for each group its keys, its number of rows n, and for each aggregated expression how many values are not
-- NULL (c) and their exact sum (s). PostgreSQL makes count, sum and avg from them, so their types and digits are its own. The names
-- are the engine's; what a column is stands in the layout, and is read from nowhere else.
create function pgtrickle_internal.build_state_layout(p_incremental jsonb, p_names jsonb, p_types jsonb, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  outputs jsonb;
  key_columns jsonb;
  key_types jsonb;
  public_key_columns jsonb;
  states jsonb := pgtrickle_internal.state_columns(p_incremental -> 'outputs');
  base_columns jsonb;
begin
  select jsonb_agg(o.item || jsonb_build_object('position', o.position, 'name', p_names -> (o.position - 1)::integer,
      'type', p_types -> (o.position - 1)::integer) order by o.position)
    into outputs
    from jsonb_array_elements(p_incremental -> 'outputs') with ordinality as o (item, position);
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
  return jsonb_build_object('shape', 'state', 'global', coalesce((p_incremental ->> 'global')::boolean, false),
    'recompute', format('pgtrickle_lake.r_%s', p_stem),
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
comment on function pgtrickle_internal.build_state_layout(jsonb, jsonb, jsonb, text) is
  'The part of a layout with hidden state: what the engine said of a query, names and types of its columns; projection gives these columns.';

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
