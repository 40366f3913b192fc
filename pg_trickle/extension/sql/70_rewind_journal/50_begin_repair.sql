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
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
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
