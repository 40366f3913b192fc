create function pgtrickle_rewind.take_over(
  p_token uuid, p_cluster text, p_uid text, p_namespace text, p_name text,
  p_operation_key text, p_requested text[], p_ids bigint[]
) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_backend_start timestamptz;
begin
  select a.backend_start into v_backend_start from pg_stat_activity a where a.pid = pg_backend_pid();
  insert into pgtrickle_rewind.operations as o
    (uid, cluster, namespace, name, operation_key, requested, table_names, table_ids, token, backend_pid, backend_start)
  values (p_uid, p_cluster, p_namespace, p_name, p_operation_key, p_requested,
          pgtrickle_rewind.table_names(p_ids), p_ids, p_token, pg_backend_pid(), v_backend_start)
  on conflict (uid) do update
    set token = excluded.token, claim_count = o.claim_count + 1, claimed_at = clock_timestamp(), seen_at = clock_timestamp(),
        requested = excluded.requested, table_names = excluded.table_names, table_ids = excluded.table_ids,
        operation_key = excluded.operation_key,
        backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
        -- a failed operation is opened again so that what it still holds can be put back
        outcome = null, finished_at = null, last_refresh_id = null, reason = null
    -- it may have ended while this waited for the row
    where o.outcome is null or o.outcome = 'Failed';
  if not found then
    return false;
  end if;
  delete from pgtrickle_rewind.locks l where l.uid = p_uid and l.table_id <> all (p_ids);
  insert into pgtrickle_rewind.locks (table_id, uid, token)
  select i, p_uid, p_token from unnest(p_ids) i order by i
  on conflict (table_id) do nothing;
  return true;
end;
$$;
comment on function pgtrickle_rewind.take_over(uuid, text, text, text, text, text, text[], bigint[]) is
  'Writes the operation with its new token and inserts the locks that are missing; false if it has ended for good.';
