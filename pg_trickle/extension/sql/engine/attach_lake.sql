-- Everything that connects this database with its lake engine, in one idempotent call. Works with the engine not running,
-- and comes before its first start: the engine logs in as the catalog role that is made able to here.
create function pgtrickle.attach_lake(
  host text, port integer, lake_password text, plans_password text, catalog_password text, sslmode text default null,
  data_path text default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  connection_options text[];
  catalog_problem record;
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    raise exception 'attach_lake() needs a superuser' using errcode = '42501';
  end if;
  select * into catalog_problem from pgtrickle_internal.lake_catalog_problem(attach_lake.data_path);
  if catalog_problem.problem is not null then
    raise exception '%', catalog_problem.problem using errcode = 'TR014', hint = catalog_problem.way_out;
  end if;
  perform pgtrickle_internal.attach_catalog_role(attach_lake.catalog_password);
  connection_options := array['host', attach_lake.host, 'port', attach_lake.port::text, 'dbname', 'lake',
    'fetch_size', '10000', 'batch_size', '1000', 'truncatable', 'false', 'sslmode', attach_lake.sslmode];
  -- Who writes becomes author and message of the commit in the lake: the engine reads this name, see its README. No
  -- application_name can have a tab in it. The user comes first: it must not be what a long name is cut by.
  perform pgtrickle_internal.attach_server('lake',
    connection_options || array['application_name', E'postgres_fdw\t%u\t%a']);
  perform pgtrickle_internal.attach_server('lake_engine', connection_options);
  perform pgtrickle_internal.attach_user('lake', 'public', 'lake', attach_lake.lake_password);
  perform pgtrickle_internal.attach_user('lake_engine', quote_ident(current_user), 'plans', attach_lake.plans_password);
  perform pgtrickle_internal.attach_user('lake_engine', 'pgtrickle_top', 'plans', attach_lake.plans_password);
  create schema if not exists lake;
  perform pgtrickle_internal.attach_engine_relations();
  -- Whose database it is, a restored one too, is not for this to say.
  insert into pgtrickle_internal.installation as n (system_identifier, database_oid, data_path)
    select i.system_identifier, i.database_oid, attach_lake.data_path from pgtrickle_internal.identity() i
    on conflict (is_only_row) do update set data_path = excluded.data_path;
  perform pgtrickle_guard.attach();
end
$$;
comment on function pgtrickle.attach_lake(text, integer, text, text, text, text, text) is
  'Connects this database with its lake engine: servers lake and lake_engine, user mappings, the login of pgtrickle_catalog. data_path: the engine''s LAKE_DATA_PATH, compared with the catalog''s; NULL: not known. Idempotent.';

create function pgtrickle_internal.attach_catalog_role(p_password text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Roles belong to the cluster: two databases that attach at once would fail with "tuple concurrently updated".
  lock table pg_catalog.pg_authid in share row exclusive mode;
  execute format('alter role pgtrickle_catalog with login password %L', p_password);
  -- DuckLake recognises a conflict that it may retry by its English text, and must never wait here for ever.
  execute format('alter role pgtrickle_catalog in database %I set lc_messages = %L', current_database(), 'C');
  execute format('alter role pgtrickle_catalog in database %I set lock_timeout = %L', current_database(), '10s');
  execute format('alter role pgtrickle_catalog in database %I set statement_timeout = %L', current_database(), '60s');
  execute format('grant connect on database %I to pgtrickle_catalog', current_database());
  create schema if not exists ducklake authorization pgtrickle_catalog;
end
$$;
comment on function pgtrickle_internal.attach_catalog_role(text) is 'Lets the lake engine log in to its catalog, schema ducklake, and nothing else.';

create function pgtrickle_internal.attach_server(p_server text, p_options text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_value text;
  is_present boolean;
begin
  if not exists (select from pg_foreign_server where srvname = p_server) then
    execute format('create server %I foreign data wrapper ducklake_fdw', p_server);
  end if;
  for i in 1 .. array_length(p_options, 1) by 2 loop
    v_name := p_options[i];
    v_value := p_options[i + 1];
    is_present := exists (
      select from pg_foreign_server s, pg_options_to_table(s.srvoptions) o
      where s.srvname = p_server and o.option_name = v_name);
    if v_value is not null then
      execute format('alter server %I options (%s %I %L)', p_server,
        case when is_present then 'set' else 'add' end, v_name, v_value);
    elsif is_present then
      execute format('alter server %I options (drop %I)', p_server, v_name);
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.attach_server(text, text[]) is 'Creates or updates a server of ducklake_fdw; options as name, value, …; a NULL value drops the option.';

create function pgtrickle_internal.attach_user(p_server text, p_role text, p_user text, p_password text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create user mapping if not exists for %s server %I', p_role, p_server);
  execute format('alter user mapping for %s server %I options (%s)', p_role, p_server, (
    select string_agg(format('%s %s %L', case when present.option_name is null then 'add' else 'set' end, wanted.name, wanted.value), ', ')
    from (values ('user', p_user), ('password', p_password)) as wanted (name, value)
    left join (
      select o.option_name from pg_user_mappings m, pg_options_to_table(m.umoptions) o
      where m.srvname = p_server
        and m.umuser = case when p_role = 'public' then 0 else p_role::regrole::oid end
    ) present on present.option_name = wanted.name));
end
$$;
comment on function pgtrickle_internal.attach_user(text, text, text, text) is 'Creates or updates a user mapping.';

-- Engine relations that do not depend on a stream table. The pseudo columns of a call are columns here.
create function pgtrickle_internal.attach_engine_relations() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  create foreign table if not exists pgtrickle_lake.describe (plan text, description text)
    server lake_engine options (schema_name 'engine', table_name 'describe');
  create foreign table if not exists pgtrickle_lake.ping (ok boolean, version text, started_at timestamptz, problem text)
    server lake_engine options (schema_name 'engine', table_name 'ping');
  create foreign table if not exists pgtrickle_lake.counters (files bigint, rows bigint, positions bigint, process_bytes bigint)
    server lake_engine options (schema_name 'engine', table_name 'counters');
  create foreign table if not exists pgtrickle_lake.seal (plan text, to_snapshot bigint, reads text, path text collate "C", row_count bigint)
    server lake_engine options (schema_name 'engine', table_name 'seal');
  create foreign table if not exists pgtrickle_lake.stored (folder text, path text collate "C")
    server lake_engine options (schema_name 'engine', table_name 'stored');
  create foreign table if not exists pgtrickle_lake.create_table (definition text, made boolean, columns text)
    server lake_engine options (schema_name 'engine', table_name 'create_table');
  -- Is never read: pgtrickle_rewind.run_repair() opens its connection to the lake by it, as its caller.
  create foreign table if not exists pgtrickle_rewind.lake_connection (nothing text) server lake;
  grant select on pgtrickle_rewind.lake_connection to pgtrickle_admin;
end
$$;
comment on function pgtrickle_internal.attach_engine_relations() is 'The foreign tables pgtrickle_lake.describe, pgtrickle_lake.ping, pgtrickle_lake.counters, pgtrickle_lake.seal, pgtrickle_lake.stored, pgtrickle_lake.create_table and pgtrickle_rewind.lake_connection.';
