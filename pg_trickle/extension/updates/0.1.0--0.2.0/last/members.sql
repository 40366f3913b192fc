-- What is made in an extension's script becomes a part of the extension: a dump would leave it out. These belong to a server or to a
-- stream table, as what attach_lake() and create_stream_table() make does. And grants on all tables of a schema are taken for the
-- extension's own on lake_connection too, which a dump would then leave out; they are forgotten with the membership.
create function pgtrickle_internal.release_members() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  member record;
begin
  if to_regclass('pgtrickle_rewind.lake_connection') is not null then
    alter extension pg_trickle add foreign table pgtrickle_rewind.lake_connection;
  end if;
  for member in
    select i.type, i.identity
    from pg_depend d join pg_class c on c.oid = d.objid, pg_identify_object(d.classid, d.objid, 0) i
    where d.deptype = 'e' and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_extension'::regclass
      and d.refobjid = (select e.oid from pg_extension e where e.extname = 'pg_trickle')
      and (c.relkind = 'f' or c.relnamespace = 'pgtrickle_changes'::regnamespace)
  loop
    execute format('alter extension pg_trickle drop %s %s', member.type, member.identity);
  end loop;
end
$$;
select pgtrickle_internal.release_members();
drop function pgtrickle_internal.release_members();
