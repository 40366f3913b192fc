create function pgtrickle_rewind.terminate_backends(p_uid text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_count integer;
begin
  select count(*) filter (where pg_terminate_backend(a.pid)) into v_count
  from pg_stat_activity a
  where a.datname = current_database()
    and a.pid <> pg_backend_pid()
    and (starts_with(a.application_name, 'strw/' || p_uid || '/')
         or exists (select from pgtrickle_rewind.operations o
                    where o.uid = p_uid and o.backend_pid = a.pid and o.backend_start = a.backend_start)
         or a.pid in (select m from pgtrickle_rewind.marked_backends(p_uid) m));
  return v_count;
end;
$$;
comment on function pgtrickle_rewind.terminate_backends(text) is
  'Terminates every other backend that works for the operation; says how many.';
