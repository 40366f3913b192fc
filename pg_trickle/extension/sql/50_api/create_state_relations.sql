create function pgtrickle_internal.create_state_relations(p_st pgtrickle_internal.stream_tables) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := p_st.layout;
  keys text := pgtrickle_internal.column_list(layout -> 'key_columns');
begin
  execute format('create table %s (%s, constraint state_groups_have_rows check (n %s 0))', layout ->> 'base',
    pgtrickle_internal.column_definitions(layout -> 'base_columns', layout -> 'base_types'),
    case when (layout ->> 'global')::boolean then '>=' else '>' end);
  execute format('create unique index on %s (%s) nulls not distinct', layout ->> 'base', coalesce(keys, '(true)'));
  execute format('create unique index on %s (%s) nulls not distinct', layout ->> 'public',
    coalesce(pgtrickle_internal.column_list(layout -> 'public_key_columns'), '(true)'));
  perform pgtrickle_internal.create_plan_table(layout ->> 'delta', 'delta', '["from_snapshot", "to_snapshot", "snapshots"]', layout, 1000);
end
$$;
comment on function pgtrickle_internal.create_state_relations(pgtrickle_internal.stream_tables) is
  'Makes the hidden state table of a stream table and what belongs to it.';
