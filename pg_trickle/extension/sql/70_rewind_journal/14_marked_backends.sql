create function pgtrickle_rewind.marked_backends(p_uid text) returns setof integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_key bigint := pgtrickle_rewind.backend_key(p_uid);
begin
  return query
    select l.pid
    from pg_locks l
    where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and l.classid::bigint = (v_key >> 32) & 4294967295
      and l.objid::bigint = v_key & 4294967295;
end;
$$;
comment on function pgtrickle_rewind.marked_backends(text) is
  'Backends in a transaction that works for the operation, by their mark (identify_backend).';
