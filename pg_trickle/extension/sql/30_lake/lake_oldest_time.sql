create function pgtrickle_internal.lake_oldest_time() returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_time timestamptz;
begin
  begin
    select min(s.snapshot_time) into v_time from ducklake.ducklake_snapshot s;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_time;
end
$$;
comment on function pgtrickle_internal.lake_oldest_time() is
  'When the oldest snapshot that the lake still has was committed.';
