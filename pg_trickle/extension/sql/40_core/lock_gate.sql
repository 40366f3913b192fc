-- The registry row, for a moment. A refresh holds it from its last check to its commit, and that commit may wait for a
-- frozen engine (postgres_fdw commits its remote transaction first). Pausing must not wait for that: after a short
-- patience the backends that marked themselves as publishing this table are cancelled, which frees the row at once.
create function pgtrickle_internal.lock_gate(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  patience text := current_setting('lock_timeout');
begin
  for attempt in 1 .. 20 loop
    begin
      perform set_config('lock_timeout', '200ms', true);
      perform from pgtrickle_internal.stream_tables s where s.id = p_id for no key update;
      if not found then
        raise exception 'stream table % was dropped in the meantime', p_id
          using errcode = 'TR001', hint = pgtrickle_internal.known_names();
      end if;
      perform set_config('lock_timeout', patience, true);
      return;
    exception when lock_not_available then
      perform pg_cancel_backend(l.pid) from pg_locks l
        where l.locktype = 'advisory' and l.classid = pgtrickle_internal.lock_class() and l.objid = p_id and l.objsubid = 2
          and l.database = (select d.oid from pg_database d where d.datname = current_database())
          and l.pid <> pg_backend_pid();
    end;
  end loop;
  raise exception 'stream table % is locked by another session', pgtrickle_internal.qualified_name(p_id)
    using errcode = '55P03', hint = 'An open transaction changed it: look in pg_stat_activity, end it by pg_terminate_backend().';
end
$$;
comment on function pgtrickle_internal.lock_gate(bigint) is
  'Locks the registry row of a stream table within a bounded time; a refresh that sits on it is cancelled. TR001 if the stream table was dropped.';
