-- A repair reaches the lake at most once: its intent is committed first, it runs in a transaction of its own, and if that ends in doubt the lake is asked.

-- The intent, to be committed alone: from here on a crash leaves a running attempt, and whoever comes next looks
-- into the lake before trying again.

create function pgtrickle_rewind.begin_repair(p_uid text, p_token uuid) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_snapshot bigint;
begin
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
  v_snapshot := pgtrickle_rewind.find_marker(p_uid);
  if v_snapshot is not null then
    raise exception 'the repair of operation % is already in the lake, as snapshot %', p_uid, v_snapshot
      using errcode = 'TR019', hint = 'Call pgtrickle_rewind.confirm_repair(…) and go on.';
  end if;
  if exists (select from pgtrickle_rewind.steps s where s.uid = p_uid and s.step = 'Repair' and s.outcome = 'Done') then
    raise exception 'the repair of operation % is already done', p_uid
      using errcode = 'TR019', hint = 'A repair runs once; go on with the replay.';
  end if;
  return pgtrickle_rewind.open_step(p_uid, p_token, 'Repair', jsonb_build_object(
    'head', pgtrickle_rewind.lake_head(), 'application_name', pgtrickle_rewind.operation_marker(p_uid)));
end;
$$;
comment on function pgtrickle_rewind.begin_repair(text, uuid) is
  'Records that a repair is about to run and gives its attempt. Commit before running it.';
grant execute on function pgtrickle_rewind.begin_repair(text, uuid) to pgtrickle_admin;

-- First statement of the repair's own transaction, on a fresh connection: a postgres_fdw connection that is already
-- open would not carry the marker, and the lake could not tell afterwards whether this repair is in it.

create function pgtrickle_rewind.enter_repair(p_uid text, p_token uuid, p_attempt integer) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_marker text := pgtrickle_rewind.operation_marker(p_uid) || '/' || p_attempt;
begin
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
  if not exists (select from pgtrickle_rewind.steps s
                 where s.uid = p_uid and s.step = 'Repair' and s.attempt = p_attempt and s.outcome = 'Running') then
    raise exception 'attempt % of the repair of operation % is not running', p_attempt, p_uid
      using errcode = 'TR015', hint = 'Call pgtrickle_rewind.begin_repair(…), commit, and enter the attempt that it gave.';
  end if;
  if current_setting('postgres_fdw.application_name', true) is distinct from v_marker then
    raise exception 'the repair of operation % would not be marked in the lake', p_uid
      using errcode = 'TR021',
            hint = format('On a fresh connection: set postgres_fdw.application_name = %L.', v_marker);
  end if;
  perform pgtrickle_rewind.refuse_open_lake_connection();
  insert into pgtrickle_rewind.repair_transactions (uid, attempt, xid, nonce, stage)
  values (p_uid, p_attempt, pg_current_xact_id(), gen_random_uuid(), 'Entered')
  on conflict (uid) do update
    set attempt = excluded.attempt, xid = excluded.xid, nonce = excluded.nonce, stage = excluded.stage;
end;
$$;
comment on function pgtrickle_rewind.enter_repair(text, uuid, integer) is
  'Opens the repair: until the transaction ends, management functions refuse in it.';
grant execute on function pgtrickle_rewind.enter_repair(text, uuid, integer) to pgtrickle_admin;

create function pgtrickle_rewind.finish_repair(p_uid text, p_token uuid, p_attempt integer, p_result jsonb)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  -- the claims are locked since enter_repair, so the token cannot have changed; it is compared all the same,
  -- because the repair's statements know neither it nor the way to it
  update pgtrickle_rewind.operations o set seen_at = clock_timestamp() where o.uid = p_uid and o.token = p_token;
  if not found then
    raise exception 'operation % belongs to somebody else', p_uid
      using errcode = 'TR015', hint = 'Finish the repair with the token that entered it.';
  end if;
  update pgtrickle_rewind.repair_transactions t
  set stage = 'Finished'
  where t.uid = p_uid and t.attempt = p_attempt and t.xid = pg_current_xact_id_if_assigned() and t.stage = 'Ran';
  if not found then
    raise exception 'attempt % of the repair of operation % has not run in this transaction', p_attempt, p_uid
      using errcode = 'TR020',
            hint = 'In one transaction: enter_repair, run_repair, finish_repair, commit.';
  end if;
  perform pgtrickle_rewind.close_step(p_uid, 'Repair', p_attempt,
    jsonb_build_object('rows', coalesce(p_result, '[]'::jsonb)));
end;
$$;
comment on function pgtrickle_rewind.finish_repair(text, uuid, integer, jsonb) is
  'Records the repair as done, in the repair''s own transaction.';
grant execute on function pgtrickle_rewind.finish_repair(text, uuid, integer, jsonb) to pgtrickle_admin;

-- For the hole between the lake's commit and PostgreSQL's: the lake has the repair, the operation log does not know.

create function pgtrickle_rewind.confirm_repair(p_uid text, p_token uuid) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_snapshot bigint;
  v_attempt integer;
  v_after jsonb;
begin
  perform pgtrickle_rewind.checked_claim(p_uid, p_token);
  v_snapshot := pgtrickle_rewind.find_marker(p_uid);
  select s.attempt, s.after into v_attempt, v_after
  from pgtrickle_rewind.steps s where s.uid = p_uid and s.step = 'Repair' and s.outcome = 'Done';
  if found then
    return jsonb_build_object('confirmed', true, 'snapshot_id', v_snapshot, 'attempt', v_attempt);
  end if;
  if v_snapshot is null then
    return jsonb_build_object('confirmed', false);
  end if;
  select s.attempt into v_attempt
  from pgtrickle_rewind.steps s where s.uid = p_uid and s.step = 'Repair' and s.outcome = 'Running';
  if not found then
    v_attempt := pgtrickle_rewind.open_step(p_uid, p_token, 'Repair', null);
  end if;
  perform pgtrickle_rewind.close_step(p_uid, 'Repair', v_attempt,
    jsonb_build_object('snapshot_id', v_snapshot, 'confirmed', true));
  return jsonb_build_object('confirmed', true, 'snapshot_id', v_snapshot, 'attempt', v_attempt);
end;
$$;
comment on function pgtrickle_rewind.confirm_repair(text, uuid) is
  'Looks the repair up in the lake and, if it is there, records it as done.';
grant execute on function pgtrickle_rewind.confirm_repair(text, uuid) to pgtrickle_admin;

create function pgtrickle_rewind.operation_marker(p_uid text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select 'strw/' || p_uid || '/repair' $$;
comment on function pgtrickle_rewind.operation_marker(text) is
  'What the lake engine writes into commit_extra_info of the repair''s snapshot.';

-- The lake has no two-phase commit: only the lake itself knows whether a repair was committed there. Its snapshots are
-- searched from the first attempt on; before that there can be no marker, and a busy lake has many snapshots.

create function pgtrickle_rewind.find_marker(p_uid text) returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_marker text := pgtrickle_rewind.operation_marker(p_uid);
  v_after bigint;
begin
  select min(coalesce((s.before ->> 'head')::bigint, -1)) into v_after
  from pgtrickle_rewind.steps s
  where s.uid = p_uid and s.step = 'Repair';
  if v_after is null then
    return null;
  end if;
  return pgtrickle_internal.lake_marked_snapshot(v_marker, v_after);
exception
  when undefined_table or invalid_schema_name then
    return null; -- no lake attached yet, so nothing can have been committed there
end;
$$;
comment on function pgtrickle_rewind.find_marker(text) is
  'Snapshot that the repair of this operation committed in the lake, or null.';
