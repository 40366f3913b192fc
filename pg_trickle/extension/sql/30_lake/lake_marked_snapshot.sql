create function pgtrickle_internal.lake_marked_snapshot(p_marker text, p_after bigint) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  begin
    select c.snapshot_id into v_id
    from ducklake.ducklake_snapshot_changes c
    where c.snapshot_id > p_after and position(p_marker in c.commit_extra_info) > 0
      -- other clients write there what they like; the case keeps the cast away from text that is not JSON
      and case when c.commit_extra_info is json object
               then c.commit_extra_info::jsonb ->> 'operation' = p_marker else false end
    order by c.snapshot_id
    limit 1;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_id;
end
$$;
comment on function pgtrickle_internal.lake_marked_snapshot(text, bigint) is
  'The first snapshot after this one that carries the marker of an operation, or NULL.';
