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
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
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
