-- The rows of a query at a snapshot, as the SQL that asks for them: of the engine where it may run the query whole, else of the query's function.

-- Columns of a function's result have no collation of their own.
create function pgtrickle_internal.collated_list(p_layout jsonb, p_alias text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(case when t.type like '% collate "C"' then format('%1$I.%2$I collate "C" as %2$I', p_alias, c.name)
      else format('%I.%I', p_alias, c.name) end, ', ' order by c.position)
  from jsonb_array_elements_text(coalesce(p_layout #> '{top,columns}', p_layout -> 'base_columns')) with ordinality as c (name, position)
  join jsonb_array_elements_text(coalesce(p_layout #> '{top,types}', p_layout -> 'base_types')) with ordinality as t (type, position) using (position);
end;
comment on function pgtrickle_internal.collated_list(jsonb, text) is 'The columns of the result of a query''s function.';

-- p_weight: of each row; 1 where they are counted as they are.
create function pgtrickle_internal.grouped_sql(p_layout jsonb, p_rows text, p_weight text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  keys text := pgtrickle_internal.column_list(p_layout -> 'key_columns', 'r');
begin
  return (
    select format('select %scoalesce(sum(%s), 0)::bigint as %I%s from (%s) r%s', keys || ', ', p_weight, p_layout ->> 'row_count',
      coalesce(string_agg(', ' || case s.item ->> 'role'
          when 'count' then format('coalesce(sum(%s) filter (where r.a%s is not null), 0)::bigint as %I', p_weight, s.item ->> 'state', s.item ->> 'column')
          else format('sum(%s * r.a%s)::numeric as %I', p_weight, s.item ->> 'state', s.item ->> 'column') end, '' order by s.position), ''),
      p_rows, ' group by ' || keys)
    from jsonb_array_elements(p_layout -> 'states') with ordinality as s (item, position));
end
$$;
comment on function pgtrickle_internal.grouped_sql(jsonb, text, text) is
  'SELECT of base rows of hidden state: groups of rows k1 …, a1 … with their number, counts and sums.';

create function pgtrickle_internal.query_rows_sql(p_layout jsonb, p_snapshot_parameter text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  rows text;
begin
  -- (select $n): shipped as a parameter, so that an error's context shows no plan text.
  if p_layout ->> 'recompute' is not null then
    return format('select %s from %s where plan = (select $1) and to_snapshot = (select %s)',
      pgtrickle_internal.column_list(p_layout -> 'base_columns'), p_layout ->> 'recompute', p_snapshot_parameter);
  end if;
  rows := format('select %s from %s($1, %s) t', pgtrickle_internal.collated_list(p_layout, 't'), p_layout #>> '{top,function}', p_snapshot_parameter);
  return case p_layout ->> 'shape' when 'state' then pgtrickle_internal.grouped_sql(p_layout, rows, '1') else rows end;
end
$$;
comment on function pgtrickle_internal.query_rows_sql(jsonb, text) is
  'SELECT of the base columns of a query at a snapshot; $1 plan_of() its stream table, p_snapshot_parameter such as $3.';

create function pgtrickle_internal.plan_of(p_st pgtrickle_internal.stream_tables, p_shape text default null) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_st.layout ->> 'recompute' is null then
    return pgtrickle_internal.leaf_documents(p_st);
  end if;
  return pgtrickle_internal.plan_document(coalesce(p_st.layout ->> 'state_query', p_st.view_definition), (
      select jsonb_object_agg(s.relation_name, format('%I.%I', s.lake_schema, s.lake_table))
      from pgtrickle_internal.sources s where s.stream_table_id = p_st.id
    ), p_st.settings, coalesce(p_shape, p_st.layout ->> 'shape'));
end
$$;
comment on function pgtrickle_internal.plan_of(pgtrickle_internal.stream_tables, text) is
  'plan_text() of a row of the registry, also of one that is not there yet; its sources are.';

create function pgtrickle_internal.plan_text(p_id bigint, p_shape text default null) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select pgtrickle_internal.plan_of(s, p_shape) from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.plan_text(bigint, text) is 'The plan of a stream table; shape state or rows, by default that of its layout.';

create function pgtrickle_internal.target_rows_sql(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  return pgtrickle_internal.public_rows_sql(layout, format('(%s)', pgtrickle_internal.query_rows_sql(layout, '$2')));
end
$$;
comment on function pgtrickle_internal.target_rows_sql(bigint) is
  'SELECT of the public columns at a snapshot, recomputed; $1 plan_text(id), $2 snapshot.';
