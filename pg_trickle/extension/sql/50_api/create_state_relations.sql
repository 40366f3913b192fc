create function pgtrickle_internal.create_state_relations(p_st pgtrickle_internal.stream_tables) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := p_st.layout;
begin
  execute format('create table %s (%s, constraint state_groups_have_rows check (n %s 0))', layout ->> 'base',
    pgtrickle_internal.column_definitions(layout -> 'base_columns', layout -> 'base_types'),
    case when (layout ->> 'global')::boolean then '>=' else '>' end);
  if (layout ->> 'global')::boolean then
    execute format('create unique index on %s ((true))', layout ->> 'base');
  else
    -- On the composite value of the key, which is what rows are matched by: a small delta touches few pages of a large table.
    execute format('create unique index on %s ((%s))', layout ->> 'base',
      pgtrickle_internal.key_expression(layout, layout -> 'key_columns', null));
    execute format('create index on %s ((%s))', layout ->> 'public',
      pgtrickle_internal.key_expression(layout, layout -> 'public_key_columns', null));
    -- The promise that there is one row a group, and the index that readers look for.
    execute format('create unique index on %s (%s) nulls not distinct', layout ->> 'public',
      pgtrickle_internal.column_list(layout -> 'public_key_columns'));
  end if;
  perform pgtrickle_internal.create_plan_table(layout ->> 'delta', 'delta', '["to_snapshot", "reads"]', layout, 100);
end
$$;
comment on function pgtrickle_internal.create_state_relations(pgtrickle_internal.stream_tables) is
  'Makes the hidden state table of a stream table and what belongs to it.';
