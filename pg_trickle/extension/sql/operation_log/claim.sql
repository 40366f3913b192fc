-- How an operation gets its stream tables, and gets them again after a crash.

-- Takes or re-takes the claims. A second claim of the same operation fences the first: new token, old backends gone.
-- All tables or none.

create function pgtrickle_rewind.claim(
  p_cluster text, p_uid text, p_namespace text, p_name text, p_operation_key text, p_tables text[]
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
set lock_timeout = '2s'
as $$
declare
  v_ids bigint[];
  v_token uuid := gen_random_uuid();
  v_known pgtrickle_rewind.operations;
  v_blocked jsonb;
begin
  perform pgtrickle_rewind.refuse_inside_repair();
  v_ids := pgtrickle_internal.resolve_all(p_tables);
  select o.* into v_known from pgtrickle_rewind.operations o where o.uid = p_uid;
  if found and (v_known.cluster, v_known.namespace, v_known.name) <> (p_cluster, p_namespace, p_name) then
    raise exception 'operation % is %/% of cluster %, not %/% of cluster %', p_uid,
        v_known.namespace, v_known.name, v_known.cluster, p_namespace, p_name, p_cluster
      using errcode = 'TR021', hint = 'The uid of a Kubernetes object never changes; claim with the object''s own.';
  end if;
  -- an orphaned one holds nothing any more: whoever freed it has decided what happens to the tables
  if v_known.outcome in ('Succeeded', 'Aborted', 'Orphaned') then
    return jsonb_build_object('claimed', false, 'outcome', v_known.outcome, 'blocked_by', '[]'::jsonb);
  end if;
  v_blocked := pgtrickle_rewind.blocked_by(p_uid, v_ids);
  if v_blocked <> '[]' then
    return jsonb_build_object('claimed', false, 'blocked_by', v_blocked);
  end if;

  perform pgtrickle_rewind.terminate_backends(p_uid);
  begin
    if not pgtrickle_rewind.take_over(
        v_token, p_cluster, p_uid, p_namespace, p_name, p_operation_key, p_tables, v_ids) then
      return jsonb_build_object('claimed', false, 'blocked_by', '[]'::jsonb,
        'outcome', (select o.outcome from pgtrickle_rewind.operations o where o.uid = p_uid));
    end if;
    v_blocked := pgtrickle_rewind.blocked_by(p_uid, v_ids);
    if v_blocked <> '[]' then
      raise exception 'another operation was faster' using errcode = 'TR008';
    end if;
  exception
    when sqlstate 'TR008' then -- back to what it was before: all tables or none
      return jsonb_build_object('claimed', false, 'blocked_by', v_blocked);
    when lock_not_available then
      raise exception 'operation % cannot be claimed yet: a transaction that works for it, or for one of its tables, is still ending', p_uid
        using errcode = 'lock_not_available', hint = 'Try again in a moment.';
  end;
  return jsonb_build_object('claimed', true, 'token', v_token);
end;
$$;
comment on function pgtrickle_rewind.claim(text, text, text, text, text, text[]) is
  'Claims the stream tables for an operation and gives the token that every further call needs, or says who blocks.';
grant execute on function pgtrickle_rewind.claim(text, text, text, text, text, text[]) to pgtrickle_admin;

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
  delete from pgtrickle_rewind.claims l where l.uid = p_uid and l.table_id <> all (p_ids);
  insert into pgtrickle_rewind.claims (table_id, uid, token)
  select i, p_uid, p_token from unnest(p_ids) i order by i
  on conflict (table_id) do nothing;
  return true;
end;
$$;
comment on function pgtrickle_rewind.take_over(uuid, text, text, text, text, text, text[], bigint[]) is
  'Writes the operation with its new token and inserts the claims that are missing; false if it has ended for good.';

create function pgtrickle_rewind.blocked_by(p_uid text, p_ids bigint[]) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'table', (pgtrickle_rewind.table_names(array[l.table_id]))[1],
             'uid', o.uid, 'namespace', o.namespace, 'name', o.name, 'cluster', o.cluster) order by l.table_id), '[]')
    from pgtrickle_rewind.claims l
    join pgtrickle_rewind.operations o using (uid)
    where l.table_id = any (p_ids) and l.uid <> p_uid);
end;
$$;
comment on function pgtrickle_rewind.blocked_by(text, bigint[]) is 'Claims to these stream tables that belong to other operations.';
