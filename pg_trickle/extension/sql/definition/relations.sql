-- What a stream table consists of is made here, from its layout; drop_stream_table.sql takes it away again.

-- Owned by the extension's owner, so that only the extension writes them; the creator gets SELECT, and may pass it on.
create function pgtrickle_internal.create_relations(p_st pgtrickle_internal.stream_tables, p_view regclass) returns regclass
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := p_st.layout;
begin
  if jsonb_array_length(layout -> 'key_columns') > 0 then
    execute format('create type %s as (%s)', layout ->> 'key_type',
      pgtrickle_internal.column_definitions(layout -> 'key_columns', layout -> 'key_types'));
  end if;
  execute format('create table %s (%s)', layout ->> 'public',
    pgtrickle_internal.column_definitions(layout -> 'public_columns', layout -> 'public_types'));
  if layout ->> 'shape' = 'state' then
    perform pgtrickle_internal.create_state_relations(p_st);
  end if;
  execute format('create table %s (refresh_id bigint not null, weight bigint not null, %s,
      constraint journal_weights_are_not_zero check (weight <> 0))', layout ->> 'journal',
    pgtrickle_internal.column_definitions(layout -> 'base_columns', layout -> 'base_types'));
  execute format('create index on %s (refresh_id)', layout ->> 'journal');
  perform pgtrickle_internal.create_plan_table(layout ->> 'recompute', 'recompute', '["to_snapshot"]', layout, 33000);
  execute format('create trigger pgtrickle_guard before insert or update or delete or truncate on %s
      for each statement execute function pgtrickle_internal.refuse_direct_change()', layout ->> 'public');
  execute format('grant select on %s to %s with grant option', layout ->> 'public', p_st.created_by);
  execute format('comment on table %s is %L', layout ->> 'public',
    'Stream table of pg_trickle; see pgtrickle.pgt_stream_tables and pgtrickle.explain().');
  return (layout ->> 'public')::regclass;
end
$$;
comment on function pgtrickle_internal.create_relations(pgtrickle_internal.stream_tables, regclass) is
  'Makes the table, its hidden companions and its plan tables.';

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

create function pgtrickle_internal.column_definitions(p_names jsonb, p_types jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(format('%I %s', n.name, t.type), ', ' order by n.position)
  from jsonb_array_elements_text(p_names) with ordinality as n (name, position)
  join jsonb_array_elements_text(p_types) with ordinality as t (type, position) using (position);
end;
comment on function pgtrickle_internal.column_definitions(jsonb, jsonb) is 'name type, name type for CREATE TABLE.';
