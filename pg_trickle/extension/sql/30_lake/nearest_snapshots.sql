create function pgtrickle_internal.nearest_snapshots(p_snapshot bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids text;
begin
  begin
    select string_agg(near.id::text, ' and ') into v_ids
    from (
      select max(s.snapshot_id) as id from ducklake.ducklake_snapshot s where s.snapshot_id < p_snapshot
      union all
      select min(s.snapshot_id) from ducklake.ducklake_snapshot s where s.snapshot_id > p_snapshot) near;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_ids;
end
$$;
comment on function pgtrickle_internal.nearest_snapshots(bigint) is
  'The snapshots before and after an expired one, for a hint: "41 and 44".';
