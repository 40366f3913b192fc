create function pgtrickle.diff(row_type anyelement, snapshot_id bigint) returns table (change text, "row" anyelement)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
as $$
declare
  v_id bigint := pgtrickle_internal.id_of_row_type(pg_typeof(row_type));
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = v_id);
  boundary bigint := pgtrickle_internal.reading_boundary(v_id, diff.snapshot_id);
begin
  if boundary is not null then
    return query execute pgtrickle_internal.diff_rows_sql(layout,
        pgtrickle_internal.undo_rows_sql(v_id), pgtrickle_internal.contents_rows_sql(v_id)) using boundary;
  else
    return query execute pgtrickle_internal.diff_rows_sql(layout,
        pgtrickle_internal.target_rows_sql(v_id), pgtrickle_internal.contents_rows_sql(v_id))
      using pgtrickle_internal.plan_text(v_id), diff.snapshot_id;
  end if;
end
$$;
comment on function pgtrickle.diff(anyelement, bigint) is
  'What going to a snapshot would change: - for rows that would go, + for rows that would come.';
