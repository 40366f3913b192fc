create function pgtrickle.at(row_type anyelement, snapshot_id bigint) returns setof anyelement
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  id bigint := pgtrickle_internal.id_of_row_type(pg_typeof(row_type));
  boundary bigint := pgtrickle_internal.reading_boundary(id, at.snapshot_id);
begin
  if boundary is not null then
    return query execute pgtrickle_internal.undo_rows_sql(id) using boundary;
  else
    return query execute pgtrickle_internal.target_rows_sql(id) using pgtrickle_internal.plan_text(id), at.snapshot_id;
  end if;
end
$$;
comment on function pgtrickle.at(anyelement, bigint) is
  'The rows of a stream table at a snapshot: select * from pgtrickle.at(null::public.event_summary, 42).';
