-- The lake has no two-phase commit: only the lake itself knows whether a repair was committed there.

create function pgtrickle_rewind.find_marker(p_uid text) returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_marker text := pgtrickle_rewind.operation_marker(p_uid);
  v_snapshot bigint;
begin
  select c.snapshot_id into v_snapshot
  from ducklake.ducklake_snapshot_changes c
  where position(v_marker in c.commit_extra_info) > 0
    -- other clients write there what they like; the case keeps the cast away from text that is not JSON
    and case when c.commit_extra_info is json object
             then c.commit_extra_info::jsonb ->> 'operation' = v_marker else false end
  order by c.snapshot_id
  limit 1;
  return v_snapshot;
exception
  when undefined_table or invalid_schema_name then
    return null; -- no lake attached yet, so nothing can have been committed there
end;
$$;
comment on function pgtrickle_rewind.find_marker(text) is
  'Snapshot that the repair of this operation committed in the lake, or null.';
