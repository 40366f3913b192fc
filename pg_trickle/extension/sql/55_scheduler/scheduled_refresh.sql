create function pgtrickle.scheduled_refresh(id bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  st pgtrickle_internal.stream_tables;
  head bigint;
  result pgtrickle_internal.refreshes;
begin
  perform pgtrickle_internal.check_adopted();
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = scheduled_refresh.id;
  if st.id is null or cardinality(pgtrickle_internal.holders(st.id)) > 0 then
    return null;
  end if;
  perform pgtrickle_internal.check_lake_version();
  head := pgtrickle_internal.lake_head();
  if st.contents_snapshot = head and st.frontier_snapshot = head then
    update pgtrickle_internal.stream_tables s set last_refreshed_at = clock_timestamp(), last_error = null, last_sqlstate = null,
        failure_count = 0, next_due_at = clock_timestamp() + s.schedule
      where s.id = st.id and s.generation = st.generation;
    return null;
  end if;
  result := pgtrickle_internal.move_contents(st.id, head, case when st.is_populated then 'Scheduled' else 'Initial' end);
  perform pgtrickle_internal.publish(st.id, st.generation, head, true);
  return pgtrickle_internal.refresh_summary(result);
end
$$;
comment on function pgtrickle.scheduled_refresh(bigint) is 'Advances a stream table to head; NULL if there was nothing to do or it is paused.';
