-- Which queries are refused, before anything is made of them: by PostgreSQL's own parse tree of the view, by the types of its columns, by the engine.

-- Of the stable functions those whose answer hangs on settings alone: a query is run with the same ones each time.
create function pgtrickle_internal.is_fixed_function(p_function pg_proc) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select p_function.provolatile = 'i' or p_function.provolatile = 's' and p_function.pronamespace = 'pg_catalog'::regnamespace and (
    p_function.proname in ('anytextcat', 'array_to_json', 'array_to_string', 'concat', 'concat_ws', 'convert', 'convert_from', 'convert_to',
      'count', 'date', 'date_add', 'date_part', 'date_subtract', 'date_trunc', 'extract', 'format', 'generate_series', 'in_range',
      'interval_pl_timestamptz', 'make_timestamptz', 'money', 'numeric', 'overlaps', 'quote_literal', 'quote_nullable', 'row_to_json',
      'text', 'textanycat', 'time', 'timestamp', 'timestamptz', 'timestamptz_mi_interval', 'timestamptz_pl_interval', 'timetz', 'timezone',
      'to_char', 'to_date', 'to_json', 'to_jsonb', 'to_number', 'to_timestamp')
    or p_function.proname ~ '^jsonb?_(agg|build|object_agg|path)' or p_function.proname ~ '^jsonb?_(to|populate)_record'
    or p_function.proname ~ '^(date|timestamp)_(lt|le|eq|ne|ge|gt|cmp)_timestamptz$'
    or p_function.proname ~ '^timestamptz_(lt|le|eq|ne|ge|gt|cmp)_(date|timestamp)$');
end;
comment on function pgtrickle_internal.is_fixed_function(pg_proc) is
  'Whether a function gives the same answer whenever and by whomever it is called, with the same settings.';

-- PostgreSQL's own parse tree of the view names every function and session value by identity; text cannot fake them there,
-- since names in it are escaped.
create function pgtrickle_internal.check_view_calls(p_view regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  tree text := (select r.ev_action::text from pg_rewrite r where r.ev_class = p_view and r.rulename = '_RETURN');
  offender text;
begin
  select coalesce((array['current_date', 'current_time', 'current_time', 'current_timestamp', 'current_timestamp', 'localtime', 'localtime',
      'localtimestamp', 'localtimestamp', 'current_role', 'current_user', 'user', 'session_user', 'current_catalog', 'current_schema'])[v.op[1]::integer + 1], 'a session value')
    into offender
    from regexp_matches(tree, '\{SQLVALUEFUNCTION :op (\d+)', 'g') v (op) limit 1;
  if offender is null then
    select format('%s()', p.proname) into offender
      from regexp_matches(tree, ' :(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') f (id)
      join pg_proc p on p.oid = f.id[1]::oid
      where not pgtrickle_internal.is_fixed_function(p)
      order by p.proname limit 1;
  end if;
  if offender is not null then
    raise exception 'a stream table''s query may not use %: it depends on the time or the session', offender
      using errcode = 'TR009', detail = 'VOLATILE',
        hint = 'The query must give the same rows for a snapshot whenever and by whomever it is computed. Write the value as a constant, or filter when reading the stream table.';
  end if;
  -- What PostgreSQL itself brings along is pinned and has no dependencies; the rest is somebody's. A domain's check, an operator
  -- or a cast would run with the rights of the extension's owner, and the engine may take its name for one of its own.
  select pg_describe_object(d.refclassid, d.refobjid, 0) into offender
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid <> 'pg_class'::regclass
    where r.ev_class = p_view limit 1;
  if offender is null then
    select pg_describe_object('pg_type'::regclass, t.oid, 0) into offender
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = p_view and a.attnum > 0 and t.typnamespace <> 'pg_catalog'::regnamespace limit 1;
  end if;
  if offender is not null then
    raise exception 'a stream table''s query may not use the %', offender
      using errcode = 'TR009', detail = 'USER_OBJECT',
        hint = 'Use only built-in types, functions, operators and collations: others may change, and would run with rights of the extension.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_view_calls(regclass) is
  'TR009 naming what in the view depends on the time, the session or objects of this database.';

create function pgtrickle_internal.view_columns(p_view regclass)
returns table (ordinal bigint, name text, type text)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  -- COLLATE "C" as in the lake: comparing and sorting gives the same on both sides, whatever the database's locale.
  select row_number() over (order by a.attnum), a.attname::text,
    format_type(a.atttypid, a.atttypmod) || case when a.attcollation <> 0 then ' collate "C"' else '' end
  from pg_attribute a where a.attrelid = p_view and a.attnum > 0 and not a.attisdropped;
end;
comment on function pgtrickle_internal.view_columns(regclass) is 'Columns of a view in order, with the types that a stream table of it has.';

create function pgtrickle_internal.describe_query(p_definition text, p_sources jsonb, p_settings jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  plan text := pgtrickle_internal.plan_document(p_definition, (
    select jsonb_object_agg(s.item ->> 'relation', format('%I.%I', s.item ->> 'lake_schema', s.item ->> 'lake_table'))
    from jsonb_array_elements(p_sources) s (item)), p_settings, 'rows');
  result jsonb;
begin
  begin
    execute 'select description::jsonb from pgtrickle_lake.describe where plan = (select $1)' into result using plan;
  exception when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013' then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Start it and try again; nothing was changed.';
  end;
  if result is null then
    raise exception 'the lake engine gave no description of the query' using errcode = 'TR014';
  end if;
  if not (result ->> 'ok')::boolean then
    raise exception 'the query is refused: %', result ->> 'message'
      using errcode = 'TR009', detail = coalesce(result ->> 'code', 'REFUSED'), hint = coalesce(result ->> 'hint', 'Change the query.');
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.describe_query(text, jsonb, jsonb) is
  'What the engine says of a query; TR009 with its reason if it is refused.';

create function pgtrickle_internal.notice_recomputed(p_st pgtrickle_internal.stream_tables) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_st.mode = 'AUTO' and p_st.layout ->> 'delta' is null then
    raise notice 'stream table %.% is recomputed at each refresh: %', quote_ident(p_st.schema_name), quote_ident(p_st.table_name),
        case when p_st.description #>> '{shape,kind,name}' in ('rows', 'keyed') then 'changes of columns of lists, structs or maps are not read'
          else coalesce(p_st.description #>> '{incremental,message}', 'a GROUP BY expression is not among its columns') end
      using hint = coalesce(p_st.description #>> '{incremental,hint}', 'To accept this without a notice: mode FULL.');
  end if;
end
$$;
comment on function pgtrickle_internal.notice_recomputed(pgtrickle_internal.stream_tables) is
  'Tells who creates a stream table in mode AUTO that its query is not kept by changes, and why.';

create function pgtrickle_internal.checked_table_mode(p_mode text) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(upper(p_mode), '') not in ('AUTO', 'DIFFERENTIAL', 'FULL') then
    raise exception 'mode % is not known', coalesce(quote_literal(p_mode), 'NULL')
      using errcode = 'TR021', hint = 'Modes: AUTO (by changes where that is possible and cheaper), DIFFERENTIAL (the same; a query for which it is not possible is refused), FULL (always recomputed).';
  end if;
  return upper(p_mode);
end
$$;
comment on function pgtrickle_internal.checked_table_mode(text) is 'The mode of a stream table: AUTO, DIFFERENTIAL or FULL, else TR021.';
