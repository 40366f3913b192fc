create function pgtrickle_internal.undo_to(
  p_id bigint, p_snapshot bigint, p_action text, p_boundary_snapshot bigint, p_reason text) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  refresh bigint := (pgtrickle_internal.move_contents(p_id, p_boundary_snapshot, p_action, 'Journal')).id;
begin
  update pgtrickle_internal.refreshes r
    set to_snapshot = p_snapshot, contents_after = p_snapshot, reason = p_reason
    where r.id = refresh;
  return refresh;
end
$$;
comment on function pgtrickle_internal.undo_to(bigint, bigint, text, bigint, text) is
  'Undoes the refreshes after a boundary at which the rows were those of the snapshot; gives the refresh.';
