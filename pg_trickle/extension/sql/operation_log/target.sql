-- The target of an operation, by snapshot or by time.

create function pgtrickle_rewind.observe_target(p_snapshot bigint, p_timestamp timestamptz, p_ids bigint[]) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_snapshot bigint;
  v_code text;
  v_message text;
  v_hint text;
begin
  v_snapshot := pgtrickle_rewind.resolve_target(p_snapshot, p_timestamp, p_ids);
  return jsonb_build_object('snapshot_id', v_snapshot, 'error', null);
exception
  when sqlstate 'TR004' or sqlstate 'TR005' or sqlstate 'TR014' or sqlstate 'TR021' or sqlstate 'TR023' then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_hint = pg_exception_hint;
    return jsonb_build_object('snapshot_id', p_snapshot,
      'error', jsonb_build_object('code', v_code, 'message', v_message, 'hint', v_hint));
end;
$$;
comment on function pgtrickle_rewind.observe_target(bigint, timestamptz, bigint[]) is 'The target snapshot, or why it cannot be reached.';

create function pgtrickle_rewind.resolve_target(p_snapshot bigint, p_timestamp timestamptz, p_ids bigint[]) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  if (p_snapshot is null) = (p_timestamp is null) then
    raise exception 'a target is a snapshot or a time, exactly one of them'
      using errcode = 'TR021', hint = 'Give either the snapshot id or the timestamp.';
  end if;
  if p_snapshot is not null then
    perform pgtrickle_internal.check_known_snapshot(p_ids, p_snapshot);
    return p_snapshot;
  end if;
  return pgtrickle_rewind.resolve_time(p_timestamp);
end;
$$;
comment on function pgtrickle_rewind.resolve_target(bigint, timestamptz, bigint[]) is
  'Snapshot id of a target given by id or by time; raises TR004, TR005 or TR023. An expired one is a target where the undo journals of the tables reach it.';

-- Clocks differ: a time that has just not come yet by this one is waited for. What was current then is known only if no snapshot
-- is missing after the last one that is left: a neighbour is never taken for it.
create function pgtrickle_rewind.resolve_time(p_timestamp timestamptz) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  waited_for constant interval := '1 minute';
  found record;
begin
  if p_timestamp > clock_timestamp() + waited_for then
    raise exception 'the time % is in the future', p_timestamp
      using errcode = 'TR004', hint = format('It is %s now.', clock_timestamp());
  end if;
  if p_timestamp > clock_timestamp() then
    raise exception 'the time % has not come yet by the clock of the database', p_timestamp
      using errcode = 'TR023', hint = 'It is waited for.';
  end if;
  perform pgtrickle_internal.check_catalog();
  found := pgtrickle_internal.lake_snapshot_at(p_timestamp);
  if found.snapshot_id is null then
    raise exception 'the lake has no snapshot as old as %', p_timestamp
      using errcode = 'TR005',
            hint = format('The oldest one that is left is of %s.', pgtrickle_internal.lake_oldest_time());
  end if;
  if found.next_id > found.snapshot_id + 1 and found.snapshot_time < p_timestamp then
    raise exception 'which snapshot was current at % is not known any more: all between % and % were expired',
        p_timestamp, found.snapshot_id, found.next_id
      using errcode = 'TR005',
            hint = format('The nearest ones are %s, of %s, and %s, of %s: name one of them by its id.',
              found.snapshot_id, found.snapshot_time, found.next_id, found.next_time);
  end if;
  return found.snapshot_id;
end;
$$;
comment on function pgtrickle_rewind.resolve_time(timestamptz) is
  'Id of the snapshot that was current at a time; raises TR004, TR023 if it has not come yet, TR005 if it was, or may have been, expired.';

-- The same facts as pgtrickle_internal.lake_head() and lake_oldest(), but null where there is no lake yet: the operator
-- is to see that as a fact.

create function pgtrickle_rewind.lake_head() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return pgtrickle_internal.lake_head();
exception
  when sqlstate 'TR014' then
    return null;
end;
$$;
comment on function pgtrickle_rewind.lake_head() is 'Newest snapshot of the lake, or null without a lake.';

create function pgtrickle_rewind.lake_oldest() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return pgtrickle_internal.lake_oldest();
exception
  when sqlstate 'TR014' then
    return null;
end;
$$;
comment on function pgtrickle_rewind.lake_oldest() is 'Oldest snapshot of the lake that is left, or null without a lake.';
