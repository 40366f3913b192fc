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
  leaf jsonb := p_layout #> '{top,leaves,0}';
  is_keyed boolean := p_layout #>> '{top,delta,kind}' = 'keyed';
begin
  execute format('create foreign table %s (plan text, to_snapshot bigint, reads text, sign smallint, %s) server lake_engine options (schema_name %L, table_name %L)',
    p_layout ->> 'delta', pgtrickle_internal.leaf_definitions(leaf), 'engine', 'changes');
  perform pgtrickle_internal.set_plan_statistics(p_layout ->> 'delta', '["plan", "to_snapshot", "reads"]', 100);
  execute format('grant select on %s to pgtrickle_top', p_layout ->> 'delta');
  perform pgtrickle_internal.create_top_function(p_layout, p_layout #>> '{top,delta,function}', 'text, bigint, text', 'weight bigint, ', format($sql$
      with changes as materialized (
        select c.sign, %1$s from %2$s c
        where c.plan = (select $1::jsonb ->> 'changes') and c.to_snapshot = (select $2) and c.reads = (select $3))%3$s
      select -1::bigint, q.* from (with %4$I as materialized (select %5$s from %6$s) select * from (%8$s) q) q
      union all
      select 1, q.* from (with %4$I as materialized (select %5$s from %7$s) select * from (%8$s) q) q$sql$,
    pgtrickle_internal.leaf_list(leaf, 'c.%1$I'), p_layout ->> 'delta',
    case when is_keyed then ',' || pgtrickle_internal.part_expressions(leaf, p_layout #> '{top,delta,keys}') end,
    leaf ->> 'name', pgtrickle_internal.leaf_list(leaf, 'r.%1$I as %2$I'),
    case when is_keyed then 'part_before r' else 'changes r where r.sign < 0' end,
    case when is_keyed then 'part_after r' else 'changes r where r.sign > 0' end,
    p_layout #>> '{top,definition}'));
end
$$;
comment on function pgtrickle_internal.create_top_delta(jsonb) is
  'Makes the function that gives the changes of a query, each row with its weight: leaf documents, snapshot, and what a delta reads in.';

-- Rows are counted by value, and by text where equal values may be written differently or have no equality.
create function pgtrickle_internal.part_expressions(p_leaf jsonb, p_keys jsonb) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  keys jsonb := jsonb_build_object('columns', (
    select jsonb_agg(c.item order by k.position) from jsonb_array_elements_text(p_keys) with ordinality as k (name, position)
    join jsonb_array_elements(p_leaf -> 'columns') c (item) on c.item ->> 'name' = k.name));
begin
  return format($sql$
      touched as materialized (select distinct %1$s from changes c),
      read as materialized (
        select %2$s from %3$s l
        where l.plan = (select pgtrickle_lake.keyed_document($1::jsonb #>> '{leaves,0}', jsonb_build_array(%4$s)))
          and l.to_snapshot = (select $2)),
      part_after as materialized (
        select r.* from read r
        where exists (select from touched t where hash_record_extended(row(%5$s), 0) = hash_record_extended(row(%6$s), 0) and %7$s)),
      part_before as materialized (
        select %8$s from (
          select %9$s, sum(w.weight)::bigint as weight from (
            select 1 as weight, %10$s from part_after r union all select -c.sign, %11$s from changes c) w
          group by %9$s having sum(w.weight) <> 0) n
        cross join lateral pgtrickle_lake.copies(n.weight))$sql$,
    pgtrickle_internal.leaf_list(keys, 'c.%1$I'), pgtrickle_internal.leaf_list(p_leaf, 'l.%1$I'), p_leaf ->> 'table',
    pgtrickle_internal.leaf_list(keys, $item$jsonb_build_object('name', %2$L, 'type', %3$L, 'values', (select jsonb_agg(distinct t.%1$I::text) from touched t))$item$),
    pgtrickle_internal.leaf_list(keys, 'r.%1$I'), pgtrickle_internal.leaf_list(keys, 't.%1$I'),
    replace(pgtrickle_internal.leaf_list(keys, 'r.%1$I is not distinct from t.%1$I'), ', ', ' and '),
    pgtrickle_internal.leaf_list(p_leaf, 'n.%1$I%5$s as %1$I'), pgtrickle_internal.leaf_list(p_leaf, 'w.%1$I'),
    pgtrickle_internal.leaf_list(p_leaf, 'r.%1$I%4$s as %1$I'), pgtrickle_internal.leaf_list(p_leaf, 'c.%1$I%4$s'));
end
$$;
comment on function pgtrickle_internal.part_expressions(jsonb, jsonb) is
  'CTEs: the parts of a source that changes touch, as they become and as they were.';
