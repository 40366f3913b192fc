create function pgtrickle_internal.check_snapshot(p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  head bigint := pgtrickle_internal.lake_head();
  oldest bigint := pgtrickle_internal.lake_oldest();
begin
  if p_snapshot is null then
    raise exception 'a snapshot id is needed'
      using errcode = 'TR021', hint = format('The lake has snapshots %s to %s.', oldest, head);
  end if;
  if p_snapshot < 0 then
    raise exception 'there is no snapshot %: they are numbered from 0', p_snapshot
      using errcode = 'TR021', hint = format('The lake has snapshots %s to %s.', oldest, head);
  end if;
  if p_snapshot > head then
    raise exception 'snapshot % is in the future: the newest one of the lake is %', p_snapshot, head
      using errcode = 'TR004', hint = format('The lake has snapshots %s to %s.', oldest, head);
  end if;
  if not pgtrickle_internal.snapshot_exists(p_snapshot) then
    raise exception 'the lake no longer has snapshot %: it was expired', p_snapshot
      using errcode = 'TR005',
        hint = format('The lake has snapshots %s to %s%s.', oldest, head,
          case when p_snapshot > oldest then ' with gaps; the nearest ones are ' || pgtrickle_internal.nearest_snapshots(p_snapshot)
          else '' end);
  end if;
end
$$;
comment on function pgtrickle_internal.check_snapshot(bigint) is
  'TR004 for a snapshot in the future, TR005 for an expired one; the hint names the usable range.';
