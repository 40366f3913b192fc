create function pgtrickle_internal.refresh_summary(p_refresh pgtrickle_internal.refreshes) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('%s: snapshot %s -> %s by %s, %s rows removed, %s added, %s ms',
      pgtrickle_internal.qualified_name((p_refresh).stream_table_id), coalesce((p_refresh).contents_before::text, 'none'),
      (p_refresh).to_snapshot, (p_refresh).strategy, (p_refresh).rows_removed, (p_refresh).rows_added,
      round(extract(epoch from (p_refresh).finished_at - (p_refresh).started_at) * 1000)));
end
$$;
comment on function pgtrickle_internal.refresh_summary(pgtrickle_internal.refreshes) is 'One line on a refresh, for psql.';
