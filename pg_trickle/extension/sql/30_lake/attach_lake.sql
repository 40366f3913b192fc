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
