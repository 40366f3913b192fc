create function pgtrickle_internal.apply_way(
  p_st pgtrickle_internal.stream_tables, p_strategy text, p_target bigint, p_refresh bigint,
  p_reads pgtrickle_internal.delta_reads, p_boundary bigint, p_is_rebuild boolean,
  out rows_removed bigint, out rows_added bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  rows_removed := 0;
  rows_added := 0;
  if p_strategy in ('Recompute', 'Delta') then
    perform pgtrickle_internal.pin_snapshot(p_target);
    perform pgtrickle_internal.check_sources(p_st.id, p_target);
  end if;
  if p_st.contents_snapshot is null then
    rows_added := pgtrickle_internal.fill_relations(p_st.id, p_target);
    return;
  end if;
  case p_strategy
    when 'Nothing' then
      null;
    when 'Recompute' then
      select c.rows_removed, c.rows_added into rows_removed, rows_added
        from pgtrickle_internal.apply_changes(p_st.id, pgtrickle_internal.recompute_changes(p_st.layout), p_refresh,
          p_plan => pgtrickle_internal.plan_text(p_st.id), p_to => p_target, p_is_rebuild => p_is_rebuild) c;
    when 'Delta' then
      -- Rows that the catalog holds itself are read as they were there.
      perform pgtrickle_internal.lock_snapshot(p_st.contents_snapshot);
      select c.rows_removed, c.rows_added into rows_removed, rows_added
        from pgtrickle_internal.apply_changes(p_st.id, pgtrickle_internal.delta_changes(p_st.layout), p_refresh,
          p_plan => pgtrickle_internal.plan_text(p_st.id), p_reads => p_reads.reads, p_to => p_target) c;
    when 'Journal' then
      select c.rows_removed, c.rows_added into rows_removed, rows_added
        from pgtrickle_internal.apply_changes(p_st.id, pgtrickle_internal.undo_changes(p_st.layout), p_refresh,
          p_undo_after => p_boundary) c;
  end case;
end
$$;
comment on function pgtrickle_internal.apply_way(pgtrickle_internal.stream_tables, text, bigint, bigint, pgtrickle_internal.delta_reads, bigint, boolean) is
  'Applies one way of choose_way(); p_is_rebuild: a recomputation mends public rows too.';
