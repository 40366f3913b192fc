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
