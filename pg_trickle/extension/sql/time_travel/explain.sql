-- explain(): how a stream table would be brought to the newest snapshot now, and why.

create function pgtrickle_reading.explain(p_name text, p_caller pgtrickle_reading.caller)
returns table (item text, value text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(p_name);
  st pgtrickle_internal.stream_tables;
  head bigint := pgtrickle_internal.lake_head();
  choice record;
begin
  perform pgtrickle_reading.check_may_read(v_id, p_caller);
  perform pgtrickle_internal.lock_contents(v_id);
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = v_id;
  choice := pgtrickle_internal.choose_strategy(v_id, head);
  return query values
    ('table', pgtrickle_internal.qualified_name(v_id)),
    ('mode', st.mode),
    ('contents', st.contents_snapshot::text),
    ('frontier', st.frontier_snapshot::text),
    ('head', head::text),
    ('strategy', choice.strategy),
    ('reason', choice.reason),
    ('estimated_ms', choice.estimated_ms::text),
    ('snapshots_to_read', coalesce(choice.snapshot_count, 0)::text),
    ('files_to_read', coalesce((pgtrickle_internal.total_reads(choice.reads)).file_count, 0)::text),
    ('rows_to_read', coalesce((pgtrickle_internal.total_reads(choice.reads)).row_count, 0)::text),
    ('merged_rows_to_date', coalesce((pgtrickle_internal.total_reads(choice.reads)).merged_row_count, 0)::text);
  return query
    select 'strategy ' || p.strategy, case when p.estimated_ms is null then 'not possible: ' || p.reason
      else format('about %s ms: %s', p.estimated_ms, p.reason) end
    from pgtrickle_internal.possible_strategies(v_id, head) p;
  return query
    select 'setting ' || s.key, s.value from jsonb_each_text(st.settings) s;
  return query
    select 'source ' || s.relation_name, format('lake table %s.%s', s.lake_schema, s.lake_table)
    from pgtrickle_internal.sources s where s.stream_table_id = v_id order by s.relation_name;
  return query
    select e.* from pgtrickle_internal.explain_scrub(v_id) e;
  return query values
    ('incremental', coalesce(st.description #>> '{incremental,ok}', 'false')),
    ('shape', st.layout ->> 'shape'),
    ('kept', case
      when st.layout ->> 'delta' is null then 'recomputed at each refresh'
      when st.layout ->> 'shape' = 'state' and not st.layout ? 'top' then 'by its groups, in the lake engine'
      when st.layout ->> 'shape' = 'state' then 'by its groups, of rows that changes bring and take'
      when st.layout #>> '{top,delta,kind}' = 'rows' then 'row by row'
      else 'part by part, by ' || (select string_agg(format('%s (%s)', l.item ->> 'relation', (
          select string_agg(quote_ident(k.item ->> 'name'), ', ' order by k.position)
          from jsonb_array_elements(l.item -> 'keys') with ordinality as k (item, position))), ' = ' order by l.position)
        from jsonb_array_elements(st.layout #> '{top,leaves}') with ordinality as l (item, position)) end),
    ('query runs in', case when st.layout ->> 'recompute' is null then 'PostgreSQL, over rows of the lake: ' || (st.description #>> '{engine,message}')
      else 'the lake engine' end),
    ('query', st.view_definition),
    ('plan', pgtrickle_internal.plan_text(v_id));
end
$$;
comment on function pgtrickle_reading.explain(text, pgtrickle_reading.caller) is 'Behind pgtrickle.explain().';

create function pgtrickle.explain(name text) returns table (item text, value text)
language sql
as $$ select e.* from pgtrickle_reading.explain($1, (select c from pgtrickle_reading.caller c)) e $$;
comment on function pgtrickle.explain(text) is
  'How a stream table would be brought to the newest snapshot now, and why: strategies, costs, frozen settings, the plan for the lake engine.';
