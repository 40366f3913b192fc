-- Which queries are refused, before anything is made of them: by PostgreSQL's own parse tree of the view, by the types of its columns, by the engine.

-- PostgreSQL's own parse tree of the view names every function and session value by identity; text cannot fake them there,
-- since names in it are escaped. Volatile functions, and stable ones that depend on more than settings that are frozen,
-- would give another answer at each refresh.
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
      where p.provolatile = 'v' or p.provolatile = 's' and not (p.pronamespace = 'pg_catalog'::regnamespace
        and p.proname in ('date_trunc', 'date_part', 'extract', 'to_char', 'timezone', 'date', 'time', 'timetz',
          'timestamp', 'timestamptz', 'text', 'timestamptz_pl_interval', 'timestamptz_mi_interval', 'interval_pl_timestamptz',
          'date_add', 'date_subtract', 'generate_series', 'concat', 'concat_ws', 'format', 'array_to_string', 'count')
        or p.proname ~ '^(date|timestamp)_(lt|le|eq|ne|ge|gt|cmp)_timestamptz$'
        or p.proname ~ '^timestamptz_(lt|le|eq|ne|ge|gt|cmp)_(date|timestamp)$')
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
        hint = 'The query runs in the lake engine, which knows only built-in types, functions and operators.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_view_calls(regclass) is
  'TR009 naming what in the view depends on the time, the session or objects of this database.';

-- Refreshes tell rows apart by their values. PostgreSQL itself says whether it can group by a type.
create function pgtrickle_internal.check_column_types(p_view regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  col record;
begin
  for col in select c.name, c.type from pgtrickle_internal.view_columns(p_view) c order by c.ordinal loop
    begin
      execute format('select from (select null::%s as value) v group by value', regexp_replace(col.type, ' collate "C"$', ''));
    exception when undefined_function then
      raise exception 'column % of a stream table cannot be %: values of that type cannot be compared', quote_ident(col.name), col.type
        using errcode = 'TR009', detail = 'NO_EQUALITY', hint = 'Leave the column out, or keep it in the lake as text.';
    end;
  end loop;
end
$$;
comment on function pgtrickle_internal.check_column_types(regclass) is 'TR009 naming a column of the view whose values have no equality.';

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

create function pgtrickle_internal.describe_query(p_definition text, p_sources jsonb, p_settings jsonb, p_mode text)
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
  if p_mode = 'DIFFERENTIAL' and not (result #>> '{incremental,ok}')::boolean then
    raise exception 'the query cannot be maintained incrementally: %', result #>> '{incremental,message}'
      using errcode = 'TR009', detail = coalesce(result #>> '{incremental,code}', 'NOT_INCREMENTAL'),
        hint = concat_ws(' ', result #>> '{incremental,hint}', 'Mode FULL recomputes it at each refresh.');
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.describe_query(text, jsonb, jsonb, text) is
  'What the engine says of a query; TR009 with its reason if it is refused, or not incremental in mode DIFFERENTIAL.';
