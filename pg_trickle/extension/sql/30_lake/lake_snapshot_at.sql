-- Two snapshots may share a time: the later one wins, so that "the state at that time" includes everything that was
-- committed then. Which commits an expired snapshot had is not known any more, nor when it was: whoever asks for a time is told of both
-- sides of the gap.
create function pgtrickle_internal.lake_snapshot_at(
  p_time timestamptz, out snapshot_id bigint, out snapshot_time timestamptz, out next_id bigint, out next_time timestamptz)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    select s.snapshot_id, s.snapshot_time into lake_snapshot_at.snapshot_id, lake_snapshot_at.snapshot_time
    from ducklake.ducklake_snapshot s
    where s.snapshot_time <= p_time
    order by s.snapshot_time desc, s.snapshot_id desc
    limit 1;
    select s.snapshot_id, s.snapshot_time into next_id, next_time
    from ducklake.ducklake_snapshot s
    where s.snapshot_id > lake_snapshot_at.snapshot_id
    order by s.snapshot_id
    limit 1;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_snapshot_at(timestamptz) is
  'The last snapshot that is left of those committed at this time or before, and the next one that is left; NULL: none.';
