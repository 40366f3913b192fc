create function pgtrickle_internal.snapshot_exists(p_snapshot bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_is_there boolean;
begin
  perform pgtrickle_internal.check_catalog();
  begin
    v_is_there := exists (select from ducklake.ducklake_snapshot s where s.snapshot_id = p_snapshot);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_is_there;
end
$$;
comment on function pgtrickle_internal.snapshot_exists(bigint) is
  'Whether the lake still has this snapshot.';
