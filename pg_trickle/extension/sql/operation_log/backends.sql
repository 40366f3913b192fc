-- Which backends work for an operation: told by an advisory lock on its key.

create function pgtrickle_rewind.backend_key(p_uid text) returns bigint
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select hashtextextended('strw/' || p_uid, 0) $$;
comment on function pgtrickle_rewind.backend_key(text) is 'Key of the advisory lock that marks the backends of an operation.';

-- Makes this backend findable as one that works for the operation, from the first moment of its transaction and
-- whatever its application_name: a claim terminates what it finds. A shared advisory lock delays nobody; the fence
-- itself is the row lock and the token.

create function pgtrickle_rewind.identify_backend(p_uid text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared(pgtrickle_rewind.backend_key(p_uid));
end;
$$;
comment on function pgtrickle_rewind.identify_backend(text) is 'Marks this backend as one that works for the operation.';

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

create function pgtrickle_rewind.is_worked_for(p_uid text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return exists (select from pgtrickle_rewind.marked_backends(p_uid));
end;
$$;
comment on function pgtrickle_rewind.is_worked_for(text) is 'Whether a transaction works for the operation at this moment.';

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
