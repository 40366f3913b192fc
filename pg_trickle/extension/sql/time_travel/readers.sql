-- Behind the functions that everybody may call on a stream table that they may SELECT: at, diff, verify, snapshots,
-- explain. They run with the rights of the extension's owner, so they must know for whom. Inside SECURITY DEFINER nothing
-- says so reliably: current_user is the owner, and session_user is a superuser while a superuser's ANALYZE runs an index
-- expression of somebody else. A view is evaluated as who reads it; so the public functions, which run as the caller, read
-- the view pgtrickle_reading.caller and hand its row on, with a proof that cannot be made by hand.

create schema pgtrickle_reading;
comment on schema pgtrickle_reading is 'What stands behind the reading functions of pgtrickle. Not to be called directly.';

create table pgtrickle_reading.secret (
  is_only_row boolean not null default true,
  value       bytea   not null,
  constraint secret_pkey primary key (is_only_row),
  constraint secret_has_one_row check (is_only_row)
);
comment on table pgtrickle_reading.secret is 'Key of the proofs of pgtrickle_reading.caller; never leaves the database, not even in a dump.';
insert into pgtrickle_reading.secret (value)
  select pg_catalog.decode(pg_catalog.string_agg(pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', ''), ''), 'hex')
  from pg_catalog.generate_series(1, 4);
grant usage on schema pgtrickle_reading to public;

create function pgtrickle_reading.proof(p_secret bytea, p_role oid) returns bytea
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select sha256(p_secret || convert_to(
    concat_ws('/', p_role, pg_backend_pid(), extract(epoch from transaction_timestamp())), 'UTF8'))
$$;
comment on function pgtrickle_reading.proof(bytea, oid) is 'Proof that a role calls, in this backend and transaction.';

create view pgtrickle_reading.caller with (security_barrier) as
  select r.oid as role, pgtrickle_reading.proof(s.value, r.oid) as proof
  from pgtrickle_reading.secret s
  join pg_catalog.pg_roles r on r.rolname = current_user;
comment on view pgtrickle_reading.caller is 'Who reads this view, with a proof of it.';
grant select on pgtrickle_reading.caller to public;

create function pgtrickle_reading.check_may_read(p_id bigint, p_caller pgtrickle_reading.caller) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_caller.proof is distinct from (
      select pgtrickle_reading.proof(s.value, p_caller.role) from pgtrickle_reading.secret s) then
    raise exception 'the functions of pgtrickle_reading are not to be called directly'
      using errcode = '42501', hint = 'Call the functions of schema pgtrickle.';
  end if;
  if has_table_privilege(p_caller.role,
      (select s.relid from pgtrickle_internal.stream_tables s where s.id = p_id), 'select') is not true then
    raise exception 'permission denied for stream table %', pgtrickle_internal.qualified_name(p_id)
      using errcode = '42501', hint = format('grant select on %s to …;', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_reading.check_may_read(bigint, pgtrickle_reading.caller) is
  '42501 unless the caller, proven, may SELECT the stream table.';

create function pgtrickle_reading.id_of_row_type(p_type regtype, p_caller pgtrickle_reading.caller) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  id bigint := (
    select s.id from pgtrickle_internal.stream_tables s join pg_type t on t.typrelid = s.relid where t.oid = p_type);
begin
  if id is null then
    raise exception '% is not the row type of a stream table', p_type
      using errcode = 'TR001', hint = 'Write null::public.event_summary for the stream table public.event_summary. '
        || pgtrickle_internal.known_names();
  end if;
  perform pgtrickle_reading.check_may_read(id, p_caller);
  return id;
end
$$;
comment on function pgtrickle_reading.id_of_row_type(regtype, pgtrickle_reading.caller) is
  'The stream table with this row type, if the caller may read it.';
