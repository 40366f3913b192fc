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
