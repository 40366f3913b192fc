-- The rows of another query: computed where nobody sees them, then put into the stream table, whose columns become those of the query.

create function pgtrickle_internal.create_staging(p_layout jsonb) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  staging text := p_layout ->> 'base';
begin
  if p_layout ->> 'shape' = 'rows' then
    -- its base is the stream table, which readers have
    staging := p_layout ->> 'journal' || '_staged';
    execute format('create unlogged table %s (%s)', staging,
      pgtrickle_internal.typed_columns(p_layout -> 'base_columns', p_layout -> 'base_types'));
  end if;
  return staging;
end
$$;
comment on function pgtrickle_internal.create_staging(jsonb) is
  'The table for the first base rows of a query: its hidden state, or one that is made for the moment.';

create function pgtrickle_internal.stage_query(p_wanted pgtrickle_internal.stream_tables, p_staged text, p_target bigint)
returns pgtrickle_internal.lake_state[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  states pgtrickle_internal.lake_state[] := pgtrickle_internal.source_states(p_wanted.id, p_target);
begin
  perform pgtrickle_internal.pin_snapshot(p_target);
  perform pgtrickle_internal.check_sources(p_wanted.id, p_target);
  perform pgtrickle_internal.fill_base(p_wanted.layout, p_staged, pgtrickle_internal.plan_of(p_wanted), p_target);
  perform pgtrickle_internal.check_seals(p_wanted, states, p_target);
  return states;
exception
  when program_limit_exceeded then
    raise exception 'a row of stream table % would not fit: %', pgtrickle_internal.qualified_name(p_wanted.id), sqlerrm
      using errcode = '54000', hint = 'A group key may have about 2,700 bytes, because it is indexed. Group by a shorter expression.';
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Nothing was changed: the stream table has the query and the rows that it had. Start the engine and try again.';
end
$$;
comment on function pgtrickle_internal.stage_query(pgtrickle_internal.stream_tables, text, bigint) is
  'Computes the base rows of a query at a snapshot into an empty table; gives the states of its sources that were read.';

create function pgtrickle_internal.exchange(p_old jsonb, p_new jsonb, p_staged text, out rows_removed bigint, out rows_added bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  kept integer[] := pgtrickle_internal.kept_columns(p_old, p_new);
  is_keyed boolean := pgtrickle_internal.is_same_key(p_old, p_new, cardinality(kept));
begin
  perform pgtrickle_internal.reshape_columns(p_old, p_new, kept, is_keyed);
  select e.rows_removed, e.rows_added into rows_removed, rows_added
    from pgtrickle_internal.exchange_rows(p_new, p_staged, is_keyed) e;
  perform pgtrickle_internal.create_public_indexes(p_new, is_keyed);
end
$$;
comment on function pgtrickle_internal.exchange(jsonb, jsonb, text) is 'Columns, indexes and rows of a stream table become those of another query.';

-- PostgreSQL adds columns at the end only. So those stay that the new query begins with, in its order and with its types.
create function pgtrickle_internal.kept_columns(p_old jsonb, p_new jsonb) returns integer[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  kept integer[] := '{}';
begin
  for position in 0 .. jsonb_array_length(p_old -> 'public_columns') - 1 loop
    if p_old -> 'public_columns' -> position = p_new -> 'public_columns' -> cardinality(kept)
        and p_old -> 'public_types' -> position = p_new -> 'public_types' -> cardinality(kept) then
      kept := kept || position + 1;
    end if;
  end loop;
  return kept;
end
$$;
comment on function pgtrickle_internal.kept_columns(jsonb, jsonb) is
  'Which columns of a stream table, counted from 1, another query begins with; the others go.';

create function pgtrickle_internal.is_same_key(p_old jsonb, p_new jsonb, p_kept_count integer) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select p_old ->> 'matched_by' = 'key' and p_new ->> 'matched_by' = 'key' and not (p_new ->> 'global')::boolean
    and p_old -> 'public_key_columns' = p_new -> 'public_key_columns'
    and not exists (
      select from jsonb_array_elements_text(p_new -> 'public_columns') with ordinality as c (name, position)
      where c.position > p_kept_count and p_new -> 'public_key_columns' ? c.name);
end;
comment on function pgtrickle_internal.is_same_key(jsonb, jsonb, integer) is
  'Whether the rows of two queries are told apart by the same columns of the stream table, which stay.';

-- What people have built on a column is not taken away: PostgreSQL refuses, and says what it is.
create function pgtrickle_internal.reshape_columns(p_old jsonb, p_new jsonb, p_kept integer[], p_is_keyed boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  public regclass := (p_new ->> 'public')::regclass;
  changes text[];
  index regclass;
  dependents text;
begin
  for index in
    select i.indexrelid from pg_index i
    where i.indrelid = public and (exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
          and d.refclassid = 'pg_type'::regclass and d.refobjid in (to_regtype(p_old ->> 'key_type'), to_regtype(p_old ->> 'row_type')))
      or not p_is_keyed and i.indisunique and i.indnullsnotdistinct and i.indpred is null
        and p_old ->> 'matched_by' = 'key' and p_old -> 'public_key_columns' = (
          select jsonb_agg(a.attname order by k.position) from unnest(i.indkey) with ordinality as k (number, position)
          left join pg_attribute a on a.attrelid = public and a.attnum = k.number))
  loop
    execute format('drop index %s', index);
  end loop;
  select array_agg(format('drop column %I', a.attname) order by a.attnum) into changes
    from (select a.attname, a.attnum, row_number() over (order by a.attnum) as position
      from pg_attribute a where a.attrelid = public and a.attnum > 0 and not a.attisdropped) a
    where a.position <> all (p_kept);
  changes := changes || array(
    select format('add column %I %s', c.name, t.type) from jsonb_array_elements_text(p_new -> 'public_columns') with ordinality as c (name, position)
    join jsonb_array_elements_text(p_new -> 'public_types') with ordinality as t (type, position) using (position)
    where c.position > cardinality(p_kept) order by c.position);
  if cardinality(changes) > 0 then
    execute format('alter table %s %s', public, array_to_string(changes, ', '));
  end if;
exception when dependent_objects_still_exist then
  get stacked diagnostics dependents = pg_exception_detail;
  raise exception 'stream table % cannot have the new query''s columns: other objects depend on those that it has', p_new ->> 'public'
    using errcode = '2BP01', detail = dependents,
      hint = 'Nothing was changed. Drop or change these objects first; or give the columns that stay their names, types and order, and append new ones.';
end
$$;
comment on function pgtrickle_internal.reshape_columns(jsonb, jsonb, integer[], boolean) is
  'The columns of a stream table become those of another query, and the indexes of the query before go; 2BP01 if somebody depends on what would go.';

-- The guard triggers look for this function in the call stack. Rows that stay are not written, so that foreign keys hold.
create function pgtrickle_internal.exchange_rows(p_layout jsonb, p_staged text, p_is_keyed boolean,
  out rows_removed bigint, out rows_added bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  public text := p_layout ->> 'public';
  columns text := pgtrickle_internal.column_list(p_layout -> 'public_columns');
  rows text := pgtrickle_internal.public_rows_sql(p_layout, p_staged);
begin
  if not p_is_keyed then
    execute format('delete from %s', public);
    get diagnostics rows_removed = row_count;
    execute format('insert into %s (%s) %s', public, columns, rows);
    get diagnostics rows_added = row_count;
    return;
  end if;
  execute format($sql$
    with published as (
      merge into %1$s p using (%2$s) f on %3$s = %4$s
      when matched and %5$s then update set (%6$s) = row(%7$s)
      when not matched then insert (%6$s) values (%7$s)
      when not matched by source then delete
      returning merge_action() as action)
    select count(*) filter (where p.action <> 'INSERT'), count(*) filter (where p.action <> 'DELETE') from published p$sql$,
    public, rows,
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'p'),
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'f'),
    pgtrickle_internal.differs_sql(p_layout -> 'public_columns', p_layout -> 'public_types', 'p', 'f'),
    columns, pgtrickle_internal.column_list(p_layout -> 'public_columns', 'f'))
    into rows_removed, rows_added;
end
$$;
comment on function pgtrickle_internal.exchange_rows(jsonb, text, boolean) is
  'The rows of a stream table become those of another query; p_is_keyed: the same groups stay the same rows.';
