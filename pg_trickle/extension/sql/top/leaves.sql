-- What a query that PostgreSQL runs reads of the lake: of each source the used columns, through a foreign table of its own.

create function pgtrickle_internal.build_leaves(p_sources jsonb, p_stem text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  namesake text;
begin
  select c.relname into namesake
    from jsonb_array_elements(p_sources) s (item) join pg_class c on c.oid = (s.item ->> 'relid')::oid
    group by c.relname having count(*) > 1 order by c.relname limit 1;
  if namesake is not null then
    raise exception 'the query reads two tables that are both named %', quote_ident(namesake)
      using errcode = 'TR009', detail = 'SAME_NAME',
        hint = 'PostgreSQL runs this query, over rows of the lake under the names of their tables. Make one of them a foreign table with another name (options schema_name and table_name say what it is in the lake), and read that.';
  end if;
  return (
    select jsonb_agg(jsonb_build_object('table', format('pgtrickle_lake.l_%s_%s', p_stem, s.position),
        'changes', format('pgtrickle_lake.d_%s_%s', p_stem, s.position), 'name', c.relname,
        'relation', s.item ->> 'relation', 'columns', pgtrickle_internal.leaf_columns((s.item ->> 'relid')::oid, s.item -> 'columns'))
      order by s.position)
    from jsonb_array_elements(p_sources) with ordinality as s (item, position)
    join pg_class c on c.oid = (s.item ->> 'relid')::oid);
end
$$;
comment on function pgtrickle_internal.build_leaves(jsonb, text) is
  'The leaves of a query, in the order of its sources: foreign table, name in the query, columns. TR009 for two sources of one name.';

-- A query may count rows and name no column: then the first one stands for the row.
create function pgtrickle_internal.leaf_columns(p_relid regclass, p_names jsonb) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_agg(jsonb_build_object('name', c.name, 'type', format_type(a.atttypid, a.atttypmod), 'column', 'x' || c.ordinal,
        'collation', case when a.attcollation <> 0 then (
          select format('%I.%I', n.nspname, l.collname) from pg_collation l join pg_namespace n on n.oid = l.collnamespace
          where l.oid = a.attcollation) end)
      order by c.ordinal)
    from pgtrickle_internal.source_columns(p_relid) c
    join pg_attribute a on a.attrelid = p_relid and a.attnum = c.ordinal
    where p_names ? c.name::text or jsonb_array_length(p_names) = 0
      and c.ordinal = (select min(f.ordinal) from pgtrickle_internal.source_columns(p_relid) f));
end
$$;
comment on function pgtrickle_internal.leaf_columns(regclass, jsonb) is
  'Columns of a leaf: name in the source, type, collation, and column, its name in the foreign table.';

create function pgtrickle_internal.is_exact_type(p_type text) returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select p_type ~ '^(smallint|integer|bigint|boolean|text|character varying|date|time|timestamp|uuid|bytea)\y[^\[]*$|^numeric\([^\[]*$';
end;
comment on function pgtrickle_internal.is_exact_type(text) is 'Whether equal values of a type are written in one way.';

create function pgtrickle_internal.leaf_list(p_leaf jsonb, p_pattern text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(format(p_pattern, c.item ->> 'column', c.item ->> 'name', c.item ->> 'type', case when not exact.is_exact then '::text' end,
    case when not exact.is_exact then '::' || (c.item ->> 'type') end), ', ' order by c.position)
  from jsonb_array_elements(p_leaf -> 'columns') with ordinality as c (item, position)
  cross join lateral pgtrickle_internal.is_exact_type(c.item ->> 'type') exact (is_exact);
end;
comment on function pgtrickle_internal.leaf_list(jsonb, text) is
  'A pattern of format() for each column of a leaf: %1 its name in the foreign table, %2 in the source, %3 its type; %4 and %5 the casts to text and back where equal values can be written differently.';

-- The collation is the source's, so that comparing means what it means in the query.
create function pgtrickle_internal.leaf_definitions(p_leaf jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(format('%I %s%s', c.item ->> 'column', c.item ->> 'type', ' collate ' || (c.item ->> 'collation')), ', ' order by c.position)
  from jsonb_array_elements(p_leaf -> 'columns') with ordinality as c (item, position);
end;
comment on function pgtrickle_internal.leaf_definitions(jsonb) is 'The columns of a foreign table for a leaf.';

-- Its columns are numbered: a source may have columns with the names of the pseudo columns.
create function pgtrickle_internal.create_leaf_tables(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  leaf record;
begin
  for leaf in select l.item from jsonb_array_elements(p_layout #> '{top,leaves}') l (item) loop
    execute format('create foreign table %s (plan text, to_snapshot bigint, %s) server lake_engine options (schema_name %L, table_name %L)',
      leaf.item ->> 'table', pgtrickle_internal.leaf_definitions(leaf.item), 'engine', 'recompute');
    perform pgtrickle_internal.set_plan_statistics(leaf.item ->> 'table', '["plan", "to_snapshot"]', 100000);
    execute format('grant select on %s to pgtrickle_top', leaf.item ->> 'table');
  end loop;
end
$$;
comment on function pgtrickle_internal.create_leaf_tables(jsonb) is 'Makes the foreign tables of the leaves of a query.';

create function pgtrickle_internal.leaf_documents(p_st pgtrickle_internal.stream_tables) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select json_build_object('leaves', json_agg(pgtrickle_internal.plan_document(format('select %s from %s',
          pgtrickle_internal.leaf_list(l.item, '%2$I as %1$I'), l.item ->> 'relation'),
        jsonb_build_object(s.relation_name, t.lake_table), p_st.settings, 'rows', pgtrickle_internal.setting('leaf_rows_limit')::bigint)
      order by l.position),
      -- of a query that is kept by changes
      'changes', json_agg(json_build_object('table', t.lake_table, 'columns', (
        select jsonb_object_agg(c.item ->> 'name', c.item ->> 'column') from jsonb_array_elements(l.item -> 'columns') c (item)))::text
        order by l.position) filter (where p_st.layout ->> 'delta' is not null))::text
    from jsonb_array_elements(p_st.layout #> '{top,leaves}') with ordinality as l (item, position)
    join pgtrickle_internal.sources s on s.stream_table_id = p_st.id and s.relation_name = l.item ->> 'relation'
    cross join lateral (select format('%I.%I', s.lake_schema, s.lake_table)) t (lake_table));
end
$$;
comment on function pgtrickle_internal.leaf_documents(pgtrickle_internal.stream_tables) is
  'What the engine is asked for by the leaves of a query: {"leaves": [document, as text], "changes": [document, as text]}.';
