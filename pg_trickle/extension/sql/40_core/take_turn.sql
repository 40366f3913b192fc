-- Who moves the rows of a stream table: one transaction after the other. Two that wrote the same rows in another order would
-- deadlock, and only one of them could publish. First the table's name, which everybody locks first: whoever drops it waits there,
-- holding nothing, and whoever comes after waits behind that, holding nothing either.
--
-- A table that is held is moved by a rewind, which waits for no engine: a refresh that began before the pause cannot publish any
-- more. It is cancelled, and then waited for only for so long, since a call into a frozen engine may go on for half a minute; it
-- writes nothing once it is cancelled.
create function pgtrickle_internal.turn_class() returns integer
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select pgtrickle_internal.lock_class() - 1;
end;
comment on function pgtrickle_internal.turn_class() is
  'First key of the advisory locks of those that move a stream table: object id is the turn, object -id marks who took it while nobody held the table.';

create function pgtrickle_internal.take_turn(p_id bigint) returns void
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
    perform pg_advisory_xact_lock_shared(pgtrickle_internal.turn_class(), -p_id::integer);
  end if;
  for attempt in 1 .. 5 loop
    if pg_try_advisory_xact_lock(pgtrickle_internal.turn_class(), p_id::integer) then
      return;
    end if;
    exit when not is_held;
    select count(*) filter (where pg_cancel_backend(l.pid)) into cancelled from pg_locks l
      where l.locktype = 'advisory' and l.classid = pgtrickle_internal.turn_class() and l.objsubid = 2
        and l.objid = (4294967296 - p_id)::oid
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
        and l.pid <> pg_backend_pid();
    exit when cancelled = 0;
    begin
      perform set_config('lock_timeout', '200ms', true);
      perform pg_advisory_xact_lock(pgtrickle_internal.turn_class(), p_id::integer);
      perform set_config('lock_timeout', patience, true);
      return;
    exception when lock_not_available then
      if attempt = 5 then
        return;
      end if;
    end;
  end loop;
  -- another rewind of a held table, or another refresh of one that is not: as for a row
  perform pg_advisory_xact_lock(pgtrickle_internal.turn_class(), p_id::integer);
end
$$;
comment on function pgtrickle_internal.take_turn(bigint) is
  'Until the end of the transaction nobody else moves the rows of a stream table; TR001 if it was dropped.';
