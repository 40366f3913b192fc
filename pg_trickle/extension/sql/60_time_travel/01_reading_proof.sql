create function pgtrickle_reading.proof(p_secret bytea, p_role oid) returns bytea
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select sha256(p_secret || convert_to(
    concat_ws('/', p_role, pg_backend_pid(), extract(epoch from transaction_timestamp())), 'UTF8'))
$$;
comment on function pgtrickle_reading.proof(bytea, oid) is 'Proof that a role calls, in this backend and transaction.';
