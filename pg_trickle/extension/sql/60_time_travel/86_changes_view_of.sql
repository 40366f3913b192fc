-- Found by what it reads, not by its name: after a restore the oid in the name is an old one.
create function pgtrickle_internal.changes_view_of(p_id bigint) returns regclass
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select r.ev_class::regclass
    from pg_depend d
    join pg_rewrite r on r.oid = d.objid
    join pg_class v on v.oid = r.ev_class
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
      and d.refobjid = to_regclass(pgtrickle_internal.changes_table_name(p_id, 1))
      and v.relnamespace = 'pgtrickle_changes'::regnamespace
    limit 1);
end
$$;
comment on function pgtrickle_internal.changes_view_of(bigint) is 'The changes view of a stream table, or NULL.';
