-- The fence. Order of locks everywhere in this schema: operation, its claims by table id, then the registry rows of the
-- stream tables. The wait is short: a session that is queued behind a dying backend would go on waiting for up to
-- thirty seconds after the row is free, a retry gets it at once.

create function pgtrickle_rewind.checked_claim(p_uid text, p_token uuid) returns pgtrickle_rewind.operations
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
set lock_timeout = '2s'
as $$
declare
  v_operation pgtrickle_rewind.operations;
begin
  perform pgtrickle_rewind.refuse_inside_repair();
  perform pgtrickle_rewind.identify_backend(p_uid);
  select o.* into v_operation from pgtrickle_rewind.operations o where o.uid = p_uid for update;
  if not found then
    raise exception 'there is no rewind operation %', p_uid
      using errcode = 'TR015', hint = 'Call pgtrickle_rewind.claim(…) first; it gives the token.';
  end if;
  perform from pgtrickle_rewind.claims l where l.uid = p_uid order by l.table_id for update;
  if v_operation.token is distinct from p_token then
    raise exception 'operation % belongs to somebody else now (claim % by backend % at %)',
        p_uid, v_operation.claim_count, v_operation.backend_pid, v_operation.claimed_at
      using errcode = 'TR015', hint = 'A newer claim has taken it over. Stop, observe, and claim again if it is still yours.';
  end if;
  if v_operation.outcome is not null then
    raise exception 'operation % has already finished: %', p_uid, v_operation.outcome
      using errcode = 'TR015', hint = 'Nothing may be changed for it any more; a new object is a new operation.';
  end if;
  update pgtrickle_rewind.operations o set seen_at = clock_timestamp() where o.uid = p_uid
    returning o.* into v_operation;
  return v_operation;
end;
$$;
comment on function pgtrickle_rewind.checked_claim(text, uuid) is
  'Locks an operation and its stream tables, notes that its operator lives, and raises TR015 unless the token is the current one.';

-- Which stream tables an operation works on, in the order of their ids: the order of all locks.

create function pgtrickle_rewind.claimed_ids(p_uid text) returns bigint[]
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(l.table_id order by l.table_id), '{}')
          from pgtrickle_rewind.claims l where l.uid = p_uid);
end;
$$;
comment on function pgtrickle_rewind.claimed_ids(text) is 'Ids of the stream tables that the operation has claimed.';

create function pgtrickle_rewind.claimed_by(p_id bigint) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select jsonb_build_object('uid', o.uid, 'namespace', o.namespace, 'name', o.name, 'cluster', o.cluster)
    from pgtrickle_rewind.claims l join pgtrickle_rewind.operations o using (uid)
    where l.table_id = p_id);
end;
$$;
comment on function pgtrickle_rewind.claimed_by(bigint) is 'The operation that has claimed a stream table, or null.';

-- While an operation waits for a person, nothing else tells that its operator lives.

create function pgtrickle_rewind.keep_alive(p_uid text, p_token uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
end;
$$;
comment on function pgtrickle_rewind.keep_alive(text, uuid) is
  'Says that the operator of the operation lives, so that resume_scheduler() does not take its hold over.';
grant execute on function pgtrickle_rewind.keep_alive(text, uuid) to pgtrickle_admin;

-- While an operation of the operator owns a table, a rewind by hand, or another query, would pull the rows away under it.
create function pgtrickle_internal.check_no_operation(p_ids bigint[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  id bigint;
  owner jsonb;
begin
  -- a repair is told what it did wrong, not that its own operation is in the way
  perform pgtrickle_rewind.refuse_inside_repair();
  foreach id in array p_ids loop
    owner := pgtrickle_rewind.claimed_by(id);
    if owner is not null then
      raise exception 'stream table % belongs to the rewind %/% now', pgtrickle_internal.qualified_name(id),
          owner ->> 'namespace', owner ->> 'name'
        using errcode = 'TR008', hint = format('Wait until that rewind has ended. Or delete it: kubectl delete strw %s -n %s', owner ->> 'name', owner ->> 'namespace');
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.check_no_operation(bigint[]) is
  'TR008 naming the operation that has claimed one of these stream tables.';
