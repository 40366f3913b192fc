-- A leaf query is what the engine is asked to run: a document (plan) in a pseudo column of a foreign table, whose rows are the answer.

create function pgtrickle_internal.plan_document(p_definition text, p_tables jsonb, p_settings jsonb, p_shape text, p_max_rows bigint default null)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select json_strip_nulls(json_build_object('sql', p_definition, 'tables', p_tables, 'settings', p_settings, 'shape', p_shape,
    'max_rows', p_max_rows))::text;
end;
comment on function pgtrickle_internal.plan_document(text, jsonb, jsonb, text, bigint) is 'The plan as the lake engine reads it; more rows than p_max_rows are an error (LT014).';

-- A typed foreign table for one relation of the engine. The planner knows nothing of it, so it is told: how many rows come
-- back, and that the pseudo columns do not filter any.
create function pgtrickle_internal.create_plan_table(p_table text, p_relation text, p_pseudo jsonb, p_layout jsonb, p_rows integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_rows boolean := p_layout ->> 'shape' = 'rows';
  pseudo text;
begin
  if is_rows and exists (select from jsonb_array_elements_text(p_layout -> 'base_names') n (name)
      where n.name in ('plan', 'from_snapshot', 'to_snapshot', 'snapshots')) then
    raise exception 'a stream table cannot have columns plan, from_snapshot, to_snapshot or snapshots'
      using errcode = 'TR009', detail = 'RESERVED_COLUMN', hint = 'Give the column another name with AS.';
  end if;
  select string_agg(format('%I %s', c.name, case when c.name = 'reads' then 'text' else 'bigint' end), ', ' order by c.position)
    into pseudo from jsonb_array_elements_text(p_pseudo) with ordinality as c (name, position);
  execute format('create foreign table %s (plan text, %s, %s) server lake_engine options (schema_name %L, table_name %L)',
    p_table, pseudo, (
      select string_agg(format('%I %s', c.name,
          -- options come between type and collation
          case when not is_rows then t.type
            when t.type like '% collate "C"' then format('%s options (column_name %L) collate "C"', left(t.type, -12), n.name)
            else format('%s options (column_name %L)', t.type, n.name) end), ', ' order by c.position)
      from jsonb_array_elements_text(p_layout -> 'base_columns') with ordinality as c (name, position)
      join jsonb_array_elements_text(p_layout -> 'base_types') with ordinality as t (type, position) using (position)
      join jsonb_array_elements_text(p_layout -> 'base_names') with ordinality as n (name, position) using (position)),
    'engine', p_relation);
  perform pgtrickle_internal.set_plan_statistics(p_table, '["plan"]' || p_pseudo, p_rows);
end
$$;
comment on function pgtrickle_internal.create_plan_table(text, text, jsonb, jsonb, integer) is
  'Makes the foreign table through which one relation of the engine is asked.';

create function pgtrickle_internal.set_plan_statistics(p_table text, p_pseudo jsonb, p_rows integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[] := parse_ident(p_table);
begin
  perform pg_restore_relation_stats('schemaname', parts[1], 'relname', parts[2],
    'relpages', greatest(p_rows / 100, 1), 'reltuples', p_rows::real);
  perform pg_restore_attribute_stats('schemaname', parts[1], 'relname', parts[2], 'attname', c.name, 'inherited', false,
      'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 1::real)
    from jsonb_array_elements_text(p_pseudo) c (name);
end
$$;
comment on function pgtrickle_internal.set_plan_statistics(text, jsonb, integer) is 'Planner statistics of a plan table.';

create function pgtrickle_internal.source_columns(p_relid regclass)
returns table (name name, type text, lake_name text, ordinal integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select a.attname, format_type(a.atttypid, a.atttypmod),
      coalesce((select o.option_value from pg_options_to_table(a.attfdwoptions) o where o.option_name = 'column_name'), a.attname),
      a.attnum::integer
    from pg_attribute a
    where a.attrelid = p_relid and a.attnum > 0 and not a.attisdropped
    order by a.attnum;
end
$$;
comment on function pgtrickle_internal.source_columns(regclass) is 'Columns of a lake table here, with their names in the lake.';

-- A typed foreign table over a relation of the engine that gives rows of a source. Its columns are numbered, so that a
-- source may have columns with the names of the pseudo columns.
create function pgtrickle_internal.create_source_table(p_table text, p_relation text, p_pseudo text, p_relid regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create foreign table %s (plan text, %s, %s) server lake_engine options (schema_name %L, table_name %L)',
    p_table, p_pseudo, (
      select string_agg(format('x%s %s options (column_name %L)%s', c.ordinal, c.type, c.lake_name,
          case when c.type in ('text', 'character varying') then ' collate "C"' else '' end), ', ' order by c.ordinal)
      from pgtrickle_internal.source_columns(p_relid) c),
    'engine', p_relation);
end
$$;
comment on function pgtrickle_internal.create_source_table(text, text, text, regclass) is
  'Makes a foreign table through which the engine gives rows of a lake table.';
