create function pgtrickle_internal.lake_oldest() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  perform pgtrickle_internal.check_catalog();
  begin
    select min(s.snapshot_id) into v_id from ducklake.ducklake_snapshot s;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_id;
end
$$;
comment on function pgtrickle_internal.lake_oldest() is
  'The oldest snapshot that the lake still has.';
