-- From a view to the lake tables that it reads, each with the lake's own columns.

create function pgtrickle_internal.view_sources(p_view regclass, p_owner regrole) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  result jsonb := '[]';
  system_relation text;
begin
  -- PostgreSQL's own relations are pinned: no dependency names them.
  select c.oid::regclass::text into system_relation
    from pg_rewrite r
    cross join lateral regexp_matches(r.ev_action::text, ' :relid (\d+)', 'g') m (relid)
    join pg_class c on c.oid = m.relid[1]::oid and c.relnamespace = 'pg_catalog'::regnamespace
    where r.ev_class = p_view limit 1;
  if system_relation is not null then
    raise exception '% is not a lake table', system_relation
      using errcode = 'TR016', hint = 'A stream table reads only foreign tables of ducklake_fdw.';
  end if;
  for source in
    select distinct c.oid, n.nspname, c.relname, w.fdwname,
      coalesce((select o.option_value from pg_options_to_table(t.ftoptions) o where o.option_name = 'schema_name'), 'main') as lake_schema,
      coalesce((select o.option_value from pg_options_to_table(t.ftoptions) o where o.option_name = 'table_name'), c.relname) as lake_table
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid and c.oid <> p_view
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_foreign_table t on t.ftrelid = c.oid
    left join pg_foreign_server s on s.oid = t.ftserver
    left join pg_foreign_data_wrapper w on w.oid = s.srvfdw
    where r.ev_class = p_view
    order by n.nspname, c.relname
  loop
    if source.fdwname is distinct from 'ducklake_fdw' or source.nspname = 'pgtrickle_lake' or source.lake_table like '%@%' then
      raise exception '%.% is not a lake table', quote_ident(source.nspname), quote_ident(source.relname)
        using errcode = 'TR016', hint = 'A stream table reads only foreign tables of ducklake_fdw; a stream table on a stream table is not possible yet.';
    end if;
    if not has_table_privilege(p_owner, source.oid, 'select') then
      raise exception 'permission denied for foreign table %.%', quote_ident(source.nspname), quote_ident(source.relname) using errcode = '42501';
    end if;
    perform pgtrickle_internal.check_source_columns(p_view, source.oid, source.lake_schema, source.lake_table);
    result := result || jsonb_build_object('relid', source.oid, 'relation', format('%I.%I', source.nspname, source.relname),
      'lake_schema', source.lake_schema, 'lake_table', source.lake_table,
      'columns', to_jsonb(pgtrickle_internal.named_columns(p_view, source.oid)));
  end loop;
  if result = '[]' then
    raise exception 'the query reads no lake table'
      using errcode = 'TR016', hint = 'A stream table reads foreign tables of ducklake_fdw, such as lake.events.';
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.view_sources(regclass, regrole) is
  'The lake tables that a view reads, from its dependencies; TR016 for anything else.';

create function pgtrickle_internal.register_sources(p_id bigint, p_sources jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from pgtrickle_internal.sources s where s.stream_table_id = p_id;
  insert into pgtrickle_internal.sources (stream_table_id, relid, relation_name, frontier_key, lake_schema, lake_table,
      lake_columns)
    select p_id, (s.item ->> 'relid')::oid::regclass, s.item ->> 'relation', 'ducklake:' || (s.item ->> 'relation'),
      s.item ->> 'lake_schema', s.item ->> 'lake_table',
      array(select c.name from jsonb_array_elements_text(s.item -> 'columns') with ordinality as c (name, position) order by c.position)
    from jsonb_array_elements(p_sources) s (item);
end
$$;
comment on function pgtrickle_internal.register_sources(bigint, jsonb) is 'The sources of a stream table are these from now on.';

create function pgtrickle_internal.named_columns(p_view regclass, p_source regclass) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select a.attname::text from pg_attribute a
    where a.attrelid = p_source and a.attnum > 0 and not a.attisdropped
      and exists (
        select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        where r.ev_class = p_view and d.refclassid = 'pg_class'::regclass and d.refobjid = p_source
          and d.refobjsubid = a.attnum)
    order by a.attnum);
end
$$;
comment on function pgtrickle_internal.named_columns(regclass, regclass) is
  'The columns of a source that a view names, by its dependencies.';

-- The engine reads the lake's columns, PostgreSQL typed the query by the foreign table's. Where the two are not the same
-- column with the same values, the stream table would silently not be its query.
create function pgtrickle_internal.check_source_columns(p_view regclass, p_source oid, p_lake_schema text, p_lake_table text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  lake_table_id bigint := (pgtrickle_internal.lake_table_at(p_lake_schema, p_lake_table, pgtrickle_internal.lake_head())).table_id;
  wrong record;
begin
  if lake_table_id is null then
    raise exception 'lake table %.%, of foreign table %, does not exist', p_lake_schema, p_lake_table, p_source::regclass
      using errcode = 'TR016', hint = 'Create it in the lake first, or correct the options of the foreign table.';
  end if;
  select a.attname, format_type(a.atttypid, a.atttypmod) as local_type, c.column_type as lake_type, renamed.option_value as lake_name
    into wrong
    from pg_attribute a
    left join lateral (
      select o.option_value from pg_options_to_table(a.attfdwoptions) o
      where o.option_name = 'column_name' and o.option_value <> a.attname) renamed on true
    left join pgtrickle_internal.lake_columns(lake_table_id) c on c.column_name = a.attname
    where a.attrelid = p_source and a.attnum > 0 and not a.attisdropped
      and exists (
        select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        where r.ev_class = p_view and d.refclassid = 'pg_class'::regclass and d.refobjid = p_source
          and d.refobjsubid in (0, a.attnum))
      and (renamed.option_value is not null
        or not pgtrickle_internal.is_same_type(format_type(a.atttypid, a.atttypmod), c.column_type))
    order by a.attnum limit 1;
  if found then
    raise exception 'column % of foreign table % is % here and % in the lake', quote_ident(wrong.attname), p_source::regclass,
        wrong.local_type, coalesce('column ' || quote_ident(wrong.lake_name), wrong.lake_type, 'missing')
      using errcode = 'TR016', hint = 'Create the foreign table with the lake''s own column names and types.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_source_columns(regclass, oid, text, text) is
  'TR016 if a column that a view uses is not what it is in the lake.';

create function pgtrickle_internal.is_same_type(p_local text, p_lake text) returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select case
    when p_lake is null then false
    when p_lake like 'decimal(%' then p_local in ('numeric', replace(p_lake, 'decimal', 'numeric'))
    when p_lake = 'varchar' then p_local in ('text', 'character varying')
    when p_lake in ('int8', 'uint8', 'int16') then p_local in ('smallint', 'integer', 'bigint', 'numeric')
    when p_lake in ('uint16', 'int32') then p_local in ('integer', 'bigint', 'numeric')
    when p_lake in ('uint32', 'int64') then p_local in ('bigint', 'numeric')
    when p_lake in ('uint64', 'int128', 'uint128') then p_local = 'numeric'
    when p_lake = 'float32' then p_local = 'real'
    when p_lake = 'float64' then p_local = 'double precision'
    when p_lake = 'boolean' then p_local = 'boolean'
    when p_lake in ('uuid', 'date', 'json') then p_local = p_lake
    when p_lake = 'blob' then p_local = 'bytea'
    when p_lake = 'time' then p_local = 'time without time zone'
    when p_lake like 'timestamp%' then p_local = case p_lake when 'timestamptz' then 'timestamp with time zone'
      else 'timestamp without time zone' end
    -- a type that is not known here: the engine's allow-list decides
    else true
  end;
end;
comment on function pgtrickle_internal.is_same_type(text, text) is 'Whether a type of PostgreSQL holds the values of a type of the lake, all and unchanged.';
