-- Whose calls, and which database: what is not told by what it is called.

-- Inside SECURITY DEFINER, current_user is the definer. The role setting is not: it holds what SET ROLE chose, and can be
-- changed only to a role that the session user is a member of.
create function pgtrickle_internal.caller() returns name
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select coalesce(nullif(current_setting('role', true), 'none')::name, session_user);
end;
comment on function pgtrickle_internal.caller() is 'The role that called, also inside SECURITY DEFINER functions.';

-- Which database this state belongs to. A restored dump brings the old row along and finds itself elsewhere (TR017).
create table pgtrickle_internal.installation (
  is_only_row boolean not null default true,
  system_identifier text not null,
  database_oid oid not null,
  recorded_at timestamptz not null default clock_timestamp(),
  data_path text,
  constraint installation_pkey primary key (is_only_row),
  constraint installation_has_one_row check (is_only_row)
);
comment on table pgtrickle_internal.installation is
  'Written by attach_lake() and adopt(): two databases must not maintain one lake. data_path: where the lake engine has its files, as attach_lake() was told; NULL: not known.';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.installation', '');

create function pgtrickle_internal.identity(out system_identifier text, out database_oid oid)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select (select c.system_identifier::text from pg_control_system() c),
    (select d.oid from pg_database d where d.datname = current_database());
end;
comment on function pgtrickle_internal.identity() is 'Which database this is, whatever it is called.';

create function pgtrickle_internal.is_adopted() returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return not exists (
    select from pgtrickle_internal.installation i, pgtrickle_internal.identity() here
    where i.system_identifier <> here.system_identifier or i.database_oid <> here.database_oid);
end
$$;
comment on function pgtrickle_internal.is_adopted() is 'False in a database restored from a dump, until adopt().';

create function pgtrickle_internal.check_adopted() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pgtrickle_internal.is_adopted() then
    raise exception 'this database was restored from a dump of another one; its stream tables stand still'
      using errcode = 'TR017',
        hint = 'Two catalogs over one data path delete each other''s files. When the other database is gone for good, or this one has its own copy of the data path: select pgtrickle.adopt();';
  end if;
end
$$;
comment on function pgtrickle_internal.check_adopted() is 'TR017 while a restored database has not been adopted.';
