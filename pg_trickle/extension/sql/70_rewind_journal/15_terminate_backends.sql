create function pgtrickle_rewind.terminate_backends(p_uid text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_key bigint := pgtrickle_rewind.backend_key(p_uid);
  v_count integer;
begin
  select count(*) filter (where pg_terminate_backend(a.pid)) into v_count
  from pg_stat_activity a
  where a.datname = current_database()
    and a.pid <> pg_backend_pid()
    and (starts_with(a.application_name, 'strw/' || p_uid || '/')
         or exists (select from pgtrickle_rewind.operations o
                    where o.uid = p_uid and o.backend_pid = a.pid and o.backend_start = a.backend_start)
         or exists (select from pg_locks l
                    where l.locktype = 'advisory' and l.pid = a.pid and l.objsubid = 1
                      and l.database = (select d.oid from pg_database d where d.datname = current_database())
                      and l.classid::bigint = (v_key >> 32) & 4294967295
                      and l.objid::bigint = v_key & 4294967295));
  return v_count;
end;
$$;
comment on function pgtrickle_rewind.terminate_backends(text) is
  'Terminates every other backend that works for the operation; says how many.';
