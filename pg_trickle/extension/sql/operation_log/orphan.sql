-- The object is gone and nobody is left who could release with its rights. Its claims become free; its hold becomes a
-- person's, so that the next rewind or resume_scheduler() takes it over. The token is not asked for: whoever had it is
-- gone. The cluster is, because only the operator of that cluster can know that the object no longer exists.

create function pgtrickle_rewind.orphan(p_uid text, p_cluster text, p_reason text default 'its object was deleted')
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
set lock_timeout = '2s'
as $$
declare
  v_operation pgtrickle_rewind.operations;
  v_ids bigint[];
begin
  perform pgtrickle_rewind.refuse_inside_repair();
  select o.* into v_operation from pgtrickle_rewind.operations o where o.uid = p_uid;
  if not found then
    return false;
  end if;
  if v_operation.cluster <> p_cluster then
    raise exception 'operation % belongs to cluster %, not to %', p_uid, v_operation.cluster, p_cluster
      using errcode = 'TR008', hint = 'Only the operator of its own cluster knows whether the object still exists.';
  end if;
  if v_operation.outcome in ('Succeeded', 'Aborted', 'Orphaned') then
    return false;
  end if;
  perform pgtrickle_rewind.terminate_backends(p_uid);
  perform from pgtrickle_rewind.operations o where o.uid = p_uid for update;
  perform from pgtrickle_rewind.claims l where l.uid = p_uid order by l.table_id for update;
  -- another operation of that name has the same holder: its holds are not this one's
  v_ids := array(
    select h from unnest(pgtrickle_rewind.held_ids(pgtrickle_rewind.holder(v_operation))) h
    where h = any (v_operation.table_ids)
      and not exists (select from pgtrickle_rewind.claims l where l.table_id = h and l.uid <> p_uid)
    order by h);
  -- a new token fences whoever still believes to own it
  update pgtrickle_rewind.operations o set token = gen_random_uuid() where o.uid = p_uid;
  perform pgtrickle_rewind.finish_operation(p_uid, 'Orphaned', p_reason);
  perform pgtrickle_rewind.orphan_holds(v_ids, pgtrickle_rewind.holder(v_operation));
  return true;
end;
$$;
comment on function pgtrickle_rewind.orphan(text, text, text) is
  'Frees the claims of an operation whose object is gone, and leaves its hold to be taken over; false if there was nothing to do.';
grant execute on function pgtrickle_rewind.orphan(text, text, text) to pgtrickle_admin;

-- A hold that nobody owns any more becomes a person's: resume_scheduler() releases that one, and the reason tells the
-- next rewind that it may take it over.

create function pgtrickle_rewind.orphan_holds(p_ids bigint[], p_holder text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    -- a person's own pause stays as it is
    perform pgtrickle_internal.add_hold(v_id, 'person', 'orphan of ' || p_holder);
  end loop;
  perform pgtrickle_rewind.drop_holds(p_ids, p_holder);
end;
$$;
comment on function pgtrickle_rewind.orphan_holds(bigint[], text) is
  'Hands the holds of a rewind whose object is gone over to whoever resumes or rewinds next.';
