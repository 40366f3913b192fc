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
