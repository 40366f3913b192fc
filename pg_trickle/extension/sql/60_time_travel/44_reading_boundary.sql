-- The past is read from the lake. The undo journal takes its place where the engine is known to be away.
create function pgtrickle_internal.reading_boundary(p_id bigint, p_snapshot bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  boundary bigint;
begin
  perform pgtrickle_internal.lock_contents(p_id);
  perform pgtrickle_internal.hold_snapshot(p_snapshot);
  if exists (select from pgtrickle_internal.lake_health h where not h.is_healthy) then
    boundary := pgtrickle_internal.journal_boundary(p_id, pgtrickle_internal.boundary_snapshot(p_id, p_snapshot));
  end if;
  if boundary is null then
    perform pgtrickle_internal.check_sources(p_id, p_snapshot);
  end if;
  return boundary;
end
$$;
comment on function pgtrickle_internal.reading_boundary(bigint, bigint) is
  'Refresh to which the journal is undone in order to read a snapshot; NULL: the engine reads it.';
