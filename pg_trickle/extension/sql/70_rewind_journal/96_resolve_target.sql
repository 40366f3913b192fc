create function pgtrickle_rewind.resolve_target(p_snapshot bigint, p_timestamp timestamptz) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_snapshot bigint;
begin
  if (p_snapshot is null) = (p_timestamp is null) then
    raise exception 'a target is a snapshot or a time, exactly one of them'
      using errcode = 'TR021', hint = 'Give either the snapshot id or the timestamp.';
  end if;
  if p_snapshot is not null then
    perform pgtrickle_internal.check_snapshot(p_snapshot);
    return p_snapshot;
  end if;
  if p_timestamp > clock_timestamp() then
    raise exception 'the time % is in the future', p_timestamp
      using errcode = 'TR004', hint = format('It is %s now.', clock_timestamp());
  end if;
  perform pgtrickle_internal.check_catalog();
  v_snapshot := pgtrickle_internal.lake_snapshot_at(p_timestamp);
  if v_snapshot is null then
    raise exception 'the lake has no snapshot as old as %', p_timestamp
      using errcode = 'TR005',
            hint = format('The oldest one that is left is of %s.', pgtrickle_internal.lake_oldest_time());
  end if;
  return v_snapshot;
end;
$$;
comment on function pgtrickle_rewind.resolve_target(bigint, timestamptz) is
  'Snapshot id of a target given by id or by time; raises TR004 or TR005.';
