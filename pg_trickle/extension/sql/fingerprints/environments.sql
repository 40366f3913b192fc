-- What decides the rows and the text of a query besides its definition and its snapshot: the server's version, its time zones,
-- its collations. It stands beside each fingerprint, so that an update of PostgreSQL is not taken for a lake that has changed.

-- No unique constraint: a publication that waited for another one's commit here would hold its table's publication lock meanwhile. Two rows of
-- one text are one environment.
create table pgtrickle_internal.environments (
  id             integer      generated always as identity,
  description    text         not null,
  first_seen_at  timestamptz  not null default pg_catalog.clock_timestamp(),
  constraint environments_pkey primary key (id),
  constraint environments_are_described check (description <> '')
);
comment on table pgtrickle_internal.environments is
  'Versions of PostgreSQL, tzdata and ICU under which fingerprints were recorded. Compared by description.';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.environments', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.environments_id_seq', '');

-- A PostgreSQL that was built with its own time zones has those of its version; else they come from a folder of the system, whose
-- file tzdata.zi begins with "# version 2025b".
create function pgtrickle_internal.tzdata_version() returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  folder text := (
    select substring(c.setting from 'with-system-tzdata=([^'' ]+)') from pg_config() c where c.name = 'CONFIGURE');
begin
  if folder is null then
    return 'of PostgreSQL';
  end if;
  return coalesce(substring(pg_read_file(folder || '/tzdata.zi', 0, 64, true) from '^# version (\S+)'), 'of the system');
exception
  when insufficient_privilege or undefined_file or io_error or system_error then
    return 'of the system';
end
$$;
comment on function pgtrickle_internal.tzdata_version() is 'Version of the time zone data, as far as it can be known.';

create function pgtrickle_internal.current_environment() returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('PostgreSQL %s, tzdata %s, collations %s, ICU %s', current_setting('server_version'),
      pgtrickle_internal.tzdata_version(),
      coalesce(pg_database_collation_actual_version(d.oid), d.datcollate),
      coalesce((
        select pg_collation_actual_version(c.oid) from pg_collation c
        where c.collname = 'unicode' and c.collnamespace = 'pg_catalog'::regnamespace and c.collprovider = 'i' limit 1), 'none'))
    from pg_database d where d.datname = current_database());
end
$$;
comment on function pgtrickle_internal.current_environment() is 'The environment of this server, in words.';

create function pgtrickle_internal.environment_id() returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  here text := pgtrickle_internal.current_environment();
  result integer := (select min(e.id) from pgtrickle_internal.environments e where e.description = here);
begin
  if result is null then
    insert into pgtrickle_internal.environments (description) values (here) returning id into result;
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.environment_id() is 'The row of the environment of this server.';
