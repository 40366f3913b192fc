-- How the rows of a query that PostgreSQL runs change with the rows of its one source: the query over less, before and after.
--
-- rows: each row of the source gives its own rows of the query, so what came gives what comes, and what went gives what goes.
-- keyed: the query is a function of the parts of its source that have the same key, so the touched parts are computed twice. Only the
-- newer state is read from the lake; the older one is that without the changes.

-- The lake's rows by plain values of the keys, so that files without them stay closed. Only an economy: the parts are chosen by PostgreSQL.
create function pgtrickle_lake.keyed_document(p_document text, p_keys jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select case when k.conditions is null then p_document
    else jsonb_set(p_document::jsonb, '{sql}', to_jsonb((p_document::jsonb ->> 'sql') || ' where ' || k.conditions))::text end
  from (
    select string_agg(format('(%1$I in (%2$s)%3$s)', c.item ->> 'name', (
        select string_agg(format('%L::%s', v.value, c.item ->> 'type'), ', ') from jsonb_array_elements_text(c.item -> 'values') v (value)
        where v.value is not null), case when c.item -> 'values' @> '[null]' then format(' or %I is null', c.item ->> 'name') end), ' and ') as conditions
    from jsonb_array_elements(p_keys) c (item)
    where jsonb_array_length(c.item -> 'values') between 1 and 1000 and c.item -> 'values' <> '[null]'
      and c.item ->> 'type' ~ '^(smallint|integer|bigint|numeric|text|character varying|uuid|boolean)\y'
  ) k;
end;
comment on function pgtrickle_lake.keyed_document(text, jsonb) is
  'A leaf query for the rows that have one of these values; all rows where there are none, or too many, or of a type whose equality is not proven.';
revoke all on function pgtrickle_lake.keyed_document(text, jsonb) from public;
grant execute on function pgtrickle_lake.keyed_document(text, jsonb) to pgtrickle_top;

create function pgtrickle_lake.copies(p_weight bigint) returns setof integer
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_weight < 0 then
    raise exception 'the lake has fewer copies of a row than its changes say' using errcode = 'XX001', hint = 'The rows are recomputed.';
  end if;
  return query select generate_series(1, p_weight::integer);
end
$$;
comment on function pgtrickle_lake.copies(bigint) is 'As many rows as a weight says; XX001 for a negative one.';
revoke all on function pgtrickle_lake.copies(bigint) from public;
grant execute on function pgtrickle_lake.copies(bigint) to pgtrickle_top;

create function pgtrickle_internal.create_top_delta(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_keyed boolean := p_layout #>> '{top,delta,kind}' = 'keyed';
begin
  perform pgtrickle_internal.create_changes_table(l.item) from jsonb_array_elements(p_layout #> '{top,leaves}') l (item);
  perform pgtrickle_internal.create_top_function(p_layout, p_layout #>> '{top,delta,function}', 'text, bigint, text', 'weight bigint, ', format($sql$
      with %1$s%2$s
      select -1::bigint, q.* from (with %3$s select * from (%5$s) q) q
      union all
      select 1, q.* from (with %4$s select * from (%5$s) q) q$sql$,
    pgtrickle_internal.changes_expressions(p_layout),
    case when is_keyed then ', ' || pgtrickle_internal.touched_expression(p_layout) || pgtrickle_internal.part_expressions(p_layout) end,
    pgtrickle_internal.source_expressions(p_layout, case when is_keyed then 'part_before_%s r' else 'changes_%s r where r.sign < 0' end),
    pgtrickle_internal.source_expressions(p_layout, case when is_keyed then 'part_after_%s r' else 'changes_%s r where r.sign > 0' end),
    p_layout #>> '{top,definition}'));
end
$$;
comment on function pgtrickle_internal.create_top_delta(jsonb) is
  'Makes the function that gives the changes of a query, each row with its weight: leaf documents, snapshot, and what a delta reads in.';

create function pgtrickle_internal.create_changes_table(p_leaf jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create foreign table %s (plan text, to_snapshot bigint, reads text, sign smallint, %s) server lake_engine options (schema_name %L, table_name %L)',
    p_leaf ->> 'changes', pgtrickle_internal.leaf_definitions(p_leaf), 'engine', 'changes');
  perform pgtrickle_internal.set_plan_statistics(p_leaf ->> 'changes', '["plan", "to_snapshot", "reads"]', 100);
  execute format('grant select on %s to pgtrickle_top', p_leaf ->> 'changes');
end
$$;
comment on function pgtrickle_internal.create_changes_table(jsonb) is 'Makes the foreign table for the changes of a leaf.';

-- The engine is not asked about a source that did not change.
create function pgtrickle_internal.changes_expressions(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select string_agg(format($sql$changes_%1$s as materialized (
        select c.sign, %2$s from %3$s c
        where (select $3::jsonb ->> %4$s is not null) and c.plan = (select $1::jsonb #>> %5$L) and c.to_snapshot = (select $2)
          and c.reads = (select $3::jsonb ->> %4$s))$sql$,
      l.position, pgtrickle_internal.leaf_list(l.item, 'c.%1$I'), l.item ->> 'changes', l.position - 1, format('{changes,%s}', l.position - 1)),
      ', ' order by l.position)
    from jsonb_array_elements(p_layout #> '{top,leaves}') with ordinality as l (item, position));
end
$$;
comment on function pgtrickle_internal.changes_expressions(jsonb) is 'CTEs changes_1 …: what came and went of each source.';

create function pgtrickle_internal.source_expressions(p_layout jsonb, p_from text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select string_agg(format('%I as materialized (select %s from %s)', l.item ->> 'name', pgtrickle_internal.leaf_list(l.item, 'r.%1$I as %2$I'),
      format(p_from, l.position)), ', ' order by l.position)
    from jsonb_array_elements(p_layout #> '{top,leaves}') with ordinality as l (item, position));
end
$$;
comment on function pgtrickle_internal.source_expressions(jsonb, text) is
  'CTEs with the names of the sources over others; p_from has %s for the number of the source.';

create function pgtrickle_internal.touched_expression(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('touched as materialized (%s)', string_agg(format('select %s from changes_%s c', (
        select string_agg(format('c.%I as k%s', k.item ->> 'column', k.position), ', ' order by k.position)
        from jsonb_array_elements(l.item -> 'keys') with ordinality as k (item, position)), l.position), ' union ' order by l.position)
      -- one source alone may have a key several times
      || case when count(*) = 1 then ' group by ' || min((
        select string_agg(format('c.%I', k.item ->> 'column'), ', ' order by k.position)
        from jsonb_array_elements(l.item -> 'keys') with ordinality as k (item, position))) else '' end)
    from jsonb_array_elements(p_layout #> '{top,leaves}') with ordinality as l (item, position));
end
$$;
comment on function pgtrickle_internal.touched_expression(jsonb) is 'CTE touched (k1, …): the keys of all that came and went.';

-- Rows are counted by value, and by text where equal values may be written differently or have no equality.
create function pgtrickle_internal.part_expressions(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select string_agg(format($sql$,
      read_%1$s as materialized (
        select %2$s from %3$s l
        where l.plan = (select pgtrickle_lake.keyed_document($1::jsonb #>> %4$L, jsonb_build_array(%5$s)))
          and l.to_snapshot = (select $2)),
      part_after_%1$s as materialized (
        select r.* from read_%1$s r
        where exists (select from touched t where hash_record_extended(row(%6$s), 0) = hash_record_extended(row(%7$s), 0) and %8$s)),
      part_before_%1$s as materialized (
        select %9$s from (
          select %10$s, sum(w.weight)::bigint as weight from (
            select 1 as weight, %11$s from part_after_%1$s r union all select -c.sign, %12$s from changes_%1$s c) w
          group by %10$s having sum(w.weight) <> 0) n
        cross join lateral pgtrickle_lake.copies(n.weight))$sql$,
      l.position, pgtrickle_internal.leaf_list(l.item, 'l.%1$I'), l.item ->> 'table', format('{leaves,%s}', l.position - 1),
      keys.values_of, keys.theirs, keys.touched, keys.are_same,
      pgtrickle_internal.leaf_list(l.item, 'n.%1$I%5$s as %1$I'), pgtrickle_internal.leaf_list(l.item, 'w.%1$I'),
      pgtrickle_internal.leaf_list(l.item, 'r.%1$I%4$s as %1$I'), pgtrickle_internal.leaf_list(l.item, 'c.%1$I%4$s')), '' order by l.position)
    from jsonb_array_elements(p_layout #> '{top,leaves}') with ordinality as l (item, position)
    cross join lateral (
      select string_agg(format('jsonb_build_object(''name'', %L, ''type'', %L, ''values'', (select jsonb_agg(distinct t.k%s::text) from touched t))',
            k.item ->> 'name', k.item ->> 'type', k.position), ', ' order by k.position) as values_of,
        string_agg(format('r.%I', k.item ->> 'column'), ', ' order by k.position) as theirs,
        string_agg(format('t.k%s', k.position), ', ' order by k.position) as touched,
        string_agg(format('r.%I is not distinct from t.k%s', k.item ->> 'column', k.position), ' and ' order by k.position) as are_same
      from jsonb_array_elements(l.item -> 'keys') with ordinality as k (item, position)) keys);
end
$$;
comment on function pgtrickle_internal.part_expressions(jsonb) is
  'CTEs: of each source the parts that changes touch, as they become and as they were.';
