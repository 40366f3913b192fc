-- Any superuser may update; what is new belongs to the extension's owner all the same, as what was there before does.
create function pgtrickle_internal.update_owners() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  owner regrole := (select e.extowner from pg_extension e where e.extname = 'pg_trickle');
  object record;
begin
  for object in
    select i.type, i.identity from pg_depend d, pg_identify_object(d.classid, d.objid, d.objsubid) i
    where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass
      and d.refobjid = (select e.oid from pg_extension e where e.extname = 'pg_trickle')
      and exists (
        select from pg_shdepend s
        where s.dbid = (select b.oid from pg_database b where b.datname = current_database())
          and s.classid = d.classid and s.objid = d.objid and s.deptype = 'o' and s.refobjid = current_user::regrole)
      and owner <> current_user::regrole
  loop
    execute format('alter %s %s owner to %s', case object.type when 'composite type' then 'type' else object.type end,
      object.identity, owner);
  end loop;
end
$$;
select pgtrickle_internal.update_owners();
drop function pgtrickle_internal.update_owners();
