-- Ids are dense until some are expired, so counting is enough.
create function pgtrickle_internal.lake_has_hole(p_from bigint, p_to bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_count bigint;
begin
  perform pgtrickle_internal.check_catalog();
  begin
    select count(*) into v_count from ducklake.ducklake_snapshot s where s.snapshot_id between p_from and p_to;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return p_to - p_from + 1 is distinct from v_count;
end
$$;
comment on function pgtrickle_internal.lake_has_hole(bigint, bigint) is
  'Whether a snapshot of [from, to] was expired: changes read across a hole would be silently incomplete.';
