-- A query that PostgreSQL runs is a function over its leaves. Its body is parsed once and kept as a tree, so that no search_path and no
-- later object changes what it means; its settings are fixed, since the answer must not depend on who asks.

-- Bare names of the sources: common table expressions of these names take their place. PostgreSQL itself prints them so, while their
-- schemas are on the search_path.
create function pgtrickle_internal.bare_definition(p_view regclass, p_sources jsonb) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('search_path', (
      select string_agg(distinct quote_ident(n.nspname), ', ')
      from jsonb_array_elements(p_sources) s (item) join pg_class c on c.oid = (s.item ->> 'relid')::oid
      join pg_namespace n on n.oid = c.relnamespace) || ', pg_catalog, pg_temp', true);
  return pg_catalog.rtrim(pg_catalog.pg_get_viewdef(p_view), '; ');
end
$$;
comment on function pgtrickle_internal.bare_definition(regclass, jsonb) is 'The query of a view with the names of its sources without their schemas.';

create function pgtrickle_internal.create_top(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.create_leaf_tables(p_layout);
  if p_layout #>> '{top,function}' is not null then
    perform pgtrickle_internal.create_whole_function(p_layout);
  end if;
  if p_layout ->> 'delta' is not null then
    perform pgtrickle_internal.create_top_delta(p_layout);
  end if;
end
$$;
comment on function pgtrickle_internal.create_top(jsonb) is
  'Makes the function that is the query of a layout over its leaves, leaf documents and snapshot in, rows out; and what gives its changes.';

create function pgtrickle_internal.create_whole_function(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.create_top_function(p_layout, p_layout #>> '{top,function}', 'text, bigint', '', format('with %s select q.* from (%s) q',
    -- Materialized: what PostgreSQL might ship of the query above is not proven to mean the same in the engine.
    (select string_agg(format('%I as materialized (select %s from %s l where l.plan = (select $1::jsonb #>> %L) and l.to_snapshot = (select $2)%s)',
        l.item ->> 'name', pgtrickle_internal.leaf_list(l.item, 'l.%1$I as %2$I'), l.item ->> 'table', format('{leaves,%s}', l.position - 1),
        -- The last digits of a sum of floats depend on the order in which they come.
        case when (p_layout #>> '{top,is_ordered}')::boolean then ' order by ' || pgtrickle_internal.leaf_list(l.item, 'l.%1$I%4$s') end), ', ' order by l.position)
      from jsonb_array_elements(p_layout #> '{top,leaves}') with ordinality as l (item, position)),
    p_layout #>> '{top,definition}'));
end
$$;
comment on function pgtrickle_internal.create_whole_function(jsonb) is 'Makes the function that gives the rows of a query at a snapshot.';

create function pgtrickle_internal.create_top_function(p_layout jsonb, p_function text, p_arguments text, p_columns text, p_query text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format($sql$
    create function %1$s(%2$s) returns table (%3$s)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    set "TimeZone" = %4$L
    set "DateStyle" = 'ISO, YMD'
    set "IntervalStyle" = 'postgres'
    set bytea_output = 'hex'
    set extra_float_digits = 1
    set lc_monetary = 'C'
    set lc_numeric = 'C'
    set lc_time = 'C'
    set xmlbinary = 'base64'
    set xmloption = 'content'
    set default_text_search_config = 'pg_catalog.simple'
    -- The order in which floats are added must not depend on how many workers there are.
    set max_parallel_workers_per_gather = 0
    set temp_file_limit = %5$L
    set jit = off
    begin atomic
      %6$s;
    end$sql$,
    p_function, p_arguments,
    p_columns || pgtrickle_internal.typed_columns(coalesce(p_layout #> '{top,columns}', p_layout -> 'base_columns'),
      pgtrickle_internal.plain_types(coalesce(p_layout #> '{top,types}', p_layout -> 'base_types'))),
    p_layout #>> '{top,settings,TimeZone}', pgtrickle_internal.setting('query_temp_file_mb') || 'MB', p_query);
  perform pgtrickle_internal.check_top(format('%s(%s)', p_function, p_arguments)::regprocedure, p_layout);
  execute format('alter function %s(%s) owner to pgtrickle_top', p_function, p_arguments);
  execute format('revoke all on function %s(%s) from public', p_function, p_arguments);
end
$$;
comment on function pgtrickle_internal.create_top_function(jsonb, text, text, text, text) is
  'Makes a function of a query: its settings, its owner, and nothing in it but its leaves.';

-- A name that PostgreSQL prints with its schema (one that a WITH of the query hides) would be the source itself, as it is now.
create function pgtrickle_internal.check_top(p_function regprocedure, p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  other text;
begin
  select pg_describe_object(d.refclassid, d.refobjid, 0) into other
    from pg_depend d
    where d.classid = 'pg_proc'::regclass and d.objid = p_function and d.deptype = 'n'
      and not (d.refclassid = 'pg_namespace'::regclass)
      and not (d.refclassid = 'pg_class'::regclass and exists (
        select from jsonb_array_elements(p_layout #> '{top,leaves}') l (item) where d.refobjid in (to_regclass(l.item ->> 'table'), to_regclass(l.item ->> 'changes'))))
      and not (d.refclassid = 'pg_proc'::regclass and exists (
        select from pg_proc p where p.oid = d.refobjid and p.pronamespace = 'pgtrickle_lake'::regnamespace and p.proname in ('keyed_document', 'copies')))
    order by 1 limit 1;
  if other is not null then
    raise exception 'the query cannot be run over rows of the lake: it still names %', other
      using errcode = 'TR009', detail = 'HIDDEN_NAME',
        hint = 'A WITH of the query has the name of a table that it reads. Give it another name.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_top(regprocedure, jsonb) is 'TR009 if the function of a query depends on anything but its leaves.';

create function pgtrickle_internal.plain_types(p_types jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select jsonb_agg(regexp_replace(t.type, ' collate "C"$', '') order by t.position)
  from jsonb_array_elements_text(p_types) with ordinality as t (type, position);
end;
comment on function pgtrickle_internal.plain_types(jsonb) is 'Types of a layout without their collations, which results of functions cannot have.';

create function pgtrickle_internal.drop_top(p_layout jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  leaf record;
begin
  if p_layout #>> '{top,function}' is not null then
    execute format('drop function %s(text, bigint)', p_layout #>> '{top,function}');
  end if;
  if p_layout ->> 'delta' is not null then
    execute format('drop function %s(text, bigint, text)', p_layout #>> '{top,delta,function}');
  end if;
  for leaf in select l.item from jsonb_array_elements(p_layout #> '{top,leaves}') l (item) loop
    execute format('drop foreign table %s', concat_ws(', ', leaf.item ->> 'table',
      case when p_layout ->> 'delta' is not null then leaf.item ->> 'changes' end));
  end loop;
end
$$;
comment on function pgtrickle_internal.drop_top(jsonb) is 'Drops the function of a query and its leaves.';
