-- What a stream table consists of is made here, from its layout, and taken away again: the table itself, and what is hidden and
-- belongs to its query.

-- Owned by the extension's owner, so that only the extension writes them; the creator gets SELECT, and may pass it on.
create function pgtrickle_internal.create_relations(p_st pgtrickle_internal.stream_tables) returns regclass
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := p_st.layout;
begin
  execute format('create table %s (%s)', layout ->> 'public',
    pgtrickle_internal.typed_columns(layout -> 'public_columns', layout -> 'public_types'));
  perform pgtrickle_internal.create_hidden_relations(layout);
  perform pgtrickle_internal.create_public_indexes(layout);
  execute format('create trigger pgtrickle_guard before insert or update or delete or truncate on %s
      for each statement execute function pgtrickle_internal.refuse_direct_change()', layout ->> 'public');
  execute format('grant select on %s to %s with grant option', layout ->> 'public', p_st.created_by);
  execute format('comment on table %s is %L', layout ->> 'public',
    'Stream table of pg_trickle; see pgtrickle.pgt_stream_tables and pgtrickle.explain().');
  return (layout ->> 'public')::regclass;
end
$$;
comment on function pgtrickle_internal.create_relations(pgtrickle_internal.stream_tables) is
  'Makes the table, its hidden companions and its plan tables.';

create function pgtrickle_internal.create_hidden_relations(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_array_length(p_layout -> 'key_columns') > 0 then
    execute format('create type %s as (%s)', p_layout ->> 'key_type',
      pgtrickle_internal.typed_columns(p_layout -> 'key_columns', p_layout -> 'key_types'));
  end if;
  if p_layout ->> 'matched_by' = 'rows' then
    execute format('create type %s as (%s)', p_layout ->> 'row_type',
      pgtrickle_internal.typed_columns(p_layout #> '{public_rows,columns}', p_layout #> '{public_rows,types}'));
  end if;
  if p_layout ->> 'shape' = 'state' then
    perform pgtrickle_internal.create_state_relations(p_layout);
  end if;
  execute format('create table %s (refresh_id bigint not null, weight bigint not null, %s,
      constraint journal_weights_are_not_zero check (weight <> 0))', p_layout ->> 'journal',
    pgtrickle_internal.typed_columns(p_layout -> 'base_columns', p_layout -> 'base_types'));
  execute format('create index on %s (refresh_id)', p_layout ->> 'journal');
  if p_layout -> 'top' is not null then
    perform pgtrickle_internal.create_top(p_layout);
  end if;
  if p_layout ->> 'recompute' is not null then
    perform pgtrickle_internal.create_plan_table(p_layout ->> 'recompute', 'recompute', '["to_snapshot"]', p_layout, 33000);
  end if;
end
$$;
comment on function pgtrickle_internal.create_hidden_relations(jsonb) is
  'Makes what belongs to a query: the type of its key, its hidden state, journal and plan tables.';

create function pgtrickle_internal.create_state_relations(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create table %s (%s, constraint state_groups_have_rows check (%I %s 0))', p_layout ->> 'base',
    pgtrickle_internal.typed_columns(p_layout -> 'base_columns', p_layout -> 'base_types'), p_layout ->> 'row_count',
    case when (p_layout ->> 'global')::boolean then '>=' else '>' end);
  -- On the composite value of the key, which is what rows are matched by: a small delta touches few pages of a large table.
  execute format('create unique index on %s ((%s))', p_layout ->> 'base',
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', null));
  if p_layout ? 'top' then
    return;
  end if;
  perform pgtrickle_internal.create_plan_table(p_layout ->> 'delta', 'delta', '["to_snapshot", "reads"]', p_layout, 100);
end
$$;
comment on function pgtrickle_internal.create_state_relations(jsonb) is
  'Makes the hidden state table of a query and what reads its deltas.';

create function pgtrickle_internal.create_public_indexes(p_layout jsonb, p_has_unique boolean default false) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_layout ->> 'matched_by' = 'rows' and p_layout ->> 'delta' is not null then
    execute format('create index on %s (hash_record_extended(row(%s)::%s, 0))', p_layout ->> 'public',
      pgtrickle_internal.public_list(p_layout, (parse_ident(p_layout ->> 'public'))[2]), p_layout ->> 'row_type');
  end if;
  if p_layout ->> 'matched_by' = 'rows' or (p_layout ->> 'global')::boolean then
    return;
  end if;
  execute format('create index on %s ((%s))', p_layout ->> 'public',
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', null));
  if not p_has_unique then
    -- The promise that there is one row a group, and the index that readers look for.
    execute format('create unique index on %s (%s) nulls not distinct', p_layout ->> 'public',
      pgtrickle_internal.column_list(p_layout -> 'public_key_columns'));
  end if;
end
$$;
comment on function pgtrickle_internal.create_public_indexes(jsonb, boolean) is
  'Makes the indexes of a stream table of groups; p_has_unique: it has the one that promises one row a group.';

-- The registry must not name them any more: then the guards let them go.
create function pgtrickle_internal.drop_hidden_relations(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_layout -> 'top' is not null then
    perform pgtrickle_internal.drop_top(p_layout);
  end if;
  if p_layout ->> 'recompute' is not null then
    execute format('drop foreign table %s', p_layout ->> 'recompute');
  end if;
  if p_layout ->> 'shape' = 'state' then
    if not p_layout ? 'top' then
      execute format('drop foreign table %s', p_layout ->> 'delta');
    end if;
    execute format('drop table %s', p_layout ->> 'base');
  end if;
  execute format('drop table %s', p_layout ->> 'journal');
end
$$;
comment on function pgtrickle_internal.drop_hidden_relations(jsonb) is
  'Drops what belongs to a query, but for the type of its key, which indexes of the stream table may use.';

create function pgtrickle_internal.drop_row_types(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('drop type if exists %s', p_layout ->> 'key_type');
  if p_layout ->> 'matched_by' = 'rows' then
    execute format('drop type if exists %s', p_layout ->> 'row_type');
  end if;
end
$$;
comment on function pgtrickle_internal.drop_row_types(jsonb) is 'Drops the types by which rows of a stream table are matched, after its indexes.';
