-- Two snapshots may share a time: the later one wins, so that "the state at that time" includes everything that was
-- committed then.
create function pgtrickle_internal.lake_snapshot_at(p_time timestamptz) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  begin
    select s.snapshot_id into v_id
    from ducklake.ducklake_snapshot s
    where s.snapshot_time <= p_time
    order by s.snapshot_time desc, s.snapshot_id desc
    limit 1;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_id;
end
$$;
comment on function pgtrickle_internal.lake_snapshot_at(timestamptz) is
  'The last snapshot that was committed at this time or before, or NULL.';
