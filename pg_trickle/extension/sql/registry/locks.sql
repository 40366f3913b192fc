-- The locks on a stream table: its name, its turn, its registry row. The whole order stands in the README of the extension.

-- First key of our advisory locks, "pgtr". Object 0 is the scheduler's; any other is the id of a stream table that its
-- holder is about to publish. The locks only mark: nobody waits for them.
create function pgtrickle_internal.lock_class() returns integer
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select 1885828210;
end;
comment on function pgtrickle_internal.lock_class() is 'First key of the advisory locks of pg_trickle.';

-- What follows reads the stream table by its name. While somebody drops it, that name may come to mean another relation, whose
-- code would run with the rights of the extension's owner: so the name is locked first, and then must still mean the table.
create function pgtrickle_internal.lock_contents(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  begin
    if st.id is not null then
      execute format('lock table only %s in access share mode', st.layout ->> 'public');
    end if;
  exception when undefined_table or invalid_schema_name then
    -- whoever dropped it has committed while this waited
    st.id := null;
  end;
  if st.id is null or to_regclass(st.layout ->> 'public') is distinct from st.relid then
    raise exception 'stream table % was dropped in the meantime', coalesce(st.layout ->> 'public', p_id::text)
      using errcode = 'TR001', hint = pgtrickle_internal.known_names();
  end if;
end
$$;
comment on function pgtrickle_internal.lock_contents(bigint) is
  'Until the end of the transaction the name of a stream table means this table; TR001 if it no longer does.';

-- Who moves the rows of a stream table: one transaction after the other. Two that wrote the same rows in another order would
-- deadlock, and only one of them could publish. First the table's name, which everybody locks first: whoever drops it waits there,
-- holding nothing, and whoever comes after waits behind that, holding nothing either.
--
-- A table that is held is moved by a rewind, which waits for no engine: a refresh that began before the pause cannot publish any
-- more. It is cancelled, and then waited for only for so long, since a call into a frozen engine may go on for half a minute; it
-- writes nothing once it is cancelled.
create function pgtrickle_internal.move_class() returns integer
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select pgtrickle_internal.lock_class() - 1;
end;
comment on function pgtrickle_internal.move_class() is
  'First key of the advisory locks of those that move a stream table: object id is the turn, object -id marks who took it while nobody held the table.';

create function pgtrickle_internal.take_move(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  patience text := current_setting('lock_timeout');
  is_held boolean;
  cancelled integer;
begin
  perform pgtrickle_internal.lock_contents(p_id);
  is_held := cardinality(pgtrickle_internal.holders(p_id)) > 0;
  if not is_held then
    perform pg_advisory_xact_lock_shared(pgtrickle_internal.move_class(), -p_id::integer);
  end if;
  for attempt in 1 .. 5 loop
    if pg_try_advisory_xact_lock(pgtrickle_internal.move_class(), p_id::integer) then
      return;
    end if;
    exit when not is_held;
    select count(*) filter (where pg_cancel_backend(l.pid)) into cancelled from pg_locks l
      where l.locktype = 'advisory' and l.classid = pgtrickle_internal.move_class() and l.objsubid = 2
        and l.objid = (4294967296 - p_id)::oid
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
        and l.pid <> pg_backend_pid();
    exit when cancelled = 0;
    begin
      perform set_config('lock_timeout', '200ms', true);
      perform pg_advisory_xact_lock(pgtrickle_internal.move_class(), p_id::integer);
      perform set_config('lock_timeout', patience, true);
      return;
    exception when lock_not_available then
      if attempt = 5 then
        return;
      end if;
    end;
  end loop;
  -- another rewind of a held table, or another refresh of one that is not: as for a row
  perform pg_advisory_xact_lock(pgtrickle_internal.move_class(), p_id::integer);
end
$$;
comment on function pgtrickle_internal.take_move(bigint) is
  'Until the end of the transaction nobody else moves the rows of a stream table; TR001 if it was dropped.';

-- The registry row, for a moment. A refresh holds it from its last check to its commit, and that commit may wait for a
-- frozen engine (postgres_fdw commits its remote transaction first). Pausing must not wait for that: after a short
-- patience the backends that marked themselves as publishing this table are cancelled, which frees the row at once.
create function pgtrickle_internal.lock_publication(p_id bigint) returns void
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
comment on function pgtrickle_internal.lock_publication(bigint) is
  'Locks the registry row of a stream table within a bounded time; a refresh that sits on it is cancelled. TR001 if the stream table was dropped.';
