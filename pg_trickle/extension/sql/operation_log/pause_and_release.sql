-- The first step of an operation and its last one, and the state of the tables that both record.

-- Containment first: needs no engine, and waits for nothing but row locks.

create function pgtrickle_rewind.pause(p_uid text, p_token uuid) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_operation pgtrickle_rewind.operations;
  v_ids bigint[];
  v_holder text;
  v_attempt integer;
  v_found jsonb;
  v_after jsonb;
begin
  v_operation := pgtrickle_rewind.checked_claim(p_uid, p_token);
  v_ids := pgtrickle_rewind.claimed_ids(p_uid);
  -- only what is held cannot be dropped; its claim went with it, and the name may be another table's by now
  if v_ids is distinct from v_operation.table_ids then
    raise exception 'a stream table of operation % was dropped after it had been claimed: %', p_uid,
        array_to_string(v_operation.table_names, ', ')
      using errcode = 'TR015', hint = 'Observe, and claim what there is now.';
  end if;
  v_holder := pgtrickle_rewind.holder(v_operation);
  -- what was there before the first pause is what a release puts back; a later attempt must not overwrite it
  select s.before into v_found
  from pgtrickle_rewind.steps s
  where s.uid = p_uid and s.step = 'Pause' and s.outcome = 'Done'
  order by s.attempt limit 1;
  v_found := coalesce(v_found, pgtrickle_rewind.table_states(v_ids));
  v_attempt := pgtrickle_rewind.open_step(p_uid, p_token, 'Pause', v_found);
  perform pgtrickle_rewind.add_holds(v_ids, v_holder, format('operation %s', p_uid));
  perform pgtrickle_rewind.drop_stale_holds(v_ids, v_holder);
  v_after := pgtrickle_rewind.table_states(v_ids);
  perform pgtrickle_rewind.close_step(p_uid, 'Pause', v_attempt, v_after);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.pause(text, uuid) is
  'Holds the stream tables of the operation and records what was found; gives their state.';
grant execute on function pgtrickle_rewind.pause(text, uuid) to pgtrickle_admin;

-- Puts back what was found: the operation's own hold goes, a person's hold stays. Or the tables are left paused, by a hold
-- that is a person's from now on.

create function pgtrickle_rewind.release(
  p_uid text, p_token uuid, p_outcome text, p_leave_paused boolean default false
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_operation pgtrickle_rewind.operations;
  v_ids bigint[];
  v_attempt integer;
  v_after jsonb;
begin
  if p_outcome is null or p_outcome not in ('Succeeded', 'Failed', 'Aborted') then
    raise exception 'an operation cannot end as %', coalesce(p_outcome, 'null')
      using errcode = 'TR021', hint = 'Use Succeeded, Failed or Aborted.';
  end if;
  v_operation := pgtrickle_rewind.checked_claim(p_uid, p_token);
  v_ids := pgtrickle_rewind.claimed_ids(p_uid);
  v_attempt := pgtrickle_rewind.open_step(p_uid, p_token, 'Release', pgtrickle_rewind.table_states(v_ids));
  if p_leave_paused then
    perform pgtrickle_rewind.leave_paused(v_ids, pgtrickle_rewind.holder(v_operation));
  end if;
  perform pgtrickle_rewind.drop_holds(v_ids, pgtrickle_rewind.holder(v_operation));
  v_after := pgtrickle_rewind.table_states(v_ids);
  perform pgtrickle_rewind.close_step(p_uid, 'Release', v_attempt, v_after);
  perform pgtrickle_rewind.finish_operation(p_uid, p_outcome, null);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.release(text, uuid, text, boolean) is
  'Drops the operation''s hold and claims and ends it with the outcome; gives the state of the tables. With p_leave_paused they stay paused until resume_scheduler().';
grant execute on function pgtrickle_rewind.release(text, uuid, text, boolean) to pgtrickle_admin;

-- failurePolicy Hold: the tables stay held, good but stale, and the next rewind can take them over at once.

create function pgtrickle_rewind.abandon(p_uid text, p_token uuid, p_reason text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_after jsonb;
begin
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
  v_after := pgtrickle_rewind.table_states(pgtrickle_rewind.claimed_ids(p_uid));
  perform pgtrickle_rewind.finish_operation(p_uid, 'Failed', p_reason);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.abandon(text, uuid, text) is
  'Ends the operation as failed and keeps its hold; gives the state of the tables.';
grant execute on function pgtrickle_rewind.abandon(text, uuid, text) to pgtrickle_admin;

create function pgtrickle_rewind.table_names(p_ids bigint[]) returns text[]
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(pgtrickle_internal.qualified_name(i.id) order by i.id), '{}')
          from unnest(p_ids) as i(id));
end;
$$;
comment on function pgtrickle_rewind.table_names(bigint[]) is 'Qualified names of stream tables, in the order of their ids.';

create function pgtrickle_rewind.table_state(p_id bigint) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select jsonb_build_object(
      'name', pgtrickle_internal.qualified_name(t.id),
      'frontier', t.frontier_snapshot,
      'contents_snapshot', t.contents_snapshot,
      'generation', t.generation,
      'status', pgtrickle_internal.status(t.id),
      'holders', (select coalesce(jsonb_agg(h.holder order by h.held_at, h.holder), '[]')
                  from pgtrickle_internal.holds h where h.stream_table_id = t.id))
    from pgtrickle_internal.stream_tables t
    where t.id = p_id);
end;
$$;
comment on function pgtrickle_rewind.table_state(bigint) is 'Frontier, contents, status and holders of a stream table.';

create function pgtrickle_rewind.table_states(p_ids bigint[]) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return jsonb_build_object('tables',
    (select coalesce(jsonb_agg(pgtrickle_rewind.table_state(i.id) order by i.id), '[]') from unnest(p_ids) as i(id)));
end;
$$;
comment on function pgtrickle_rewind.table_states(bigint[]) is 'The states of several stream tables.';
