-- The lake has no two-phase commit: only the lake itself knows whether a repair was committed there. Its snapshots are
-- searched from the first attempt on; before that there can be no marker, and a busy lake has many snapshots.

create function pgtrickle_rewind.find_marker(p_uid text) returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_marker text := pgtrickle_rewind.operation_marker(p_uid);
  v_after bigint;
begin
  select min(coalesce((s.before ->> 'head')::bigint, -1)) into v_after
  from pgtrickle_rewind.steps s
  where s.uid = p_uid and s.step = 'Repair';
  if v_after is null then
    return null;
  end if;
  return pgtrickle_internal.lake_marked_snapshot(v_marker, v_after);
exception
  when undefined_table or invalid_schema_name then
    return null; -- no lake attached yet, so nothing can have been committed there
end;
$$;
comment on function pgtrickle_rewind.find_marker(text) is
  'Snapshot that the repair of this operation committed in the lake, or null.';
