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
