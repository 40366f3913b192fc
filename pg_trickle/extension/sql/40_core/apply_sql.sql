-- One statement, so that journal, state and public rows are computed from one view of the data. NULLs group together and
-- match each other; what nets to nothing is not written.
create function pgtrickle_internal.apply_sql(p_layout jsonb, p_changes text, p_is_journaled boolean, p_is_rebuild boolean)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format($sql$
      with %1$s,
      net as materialized (
        select sum(c.weight)::bigint as weight, %2$s from changes c group by %2$s having sum(c.weight) <> 0)
      %3$s
      %4$s$sql$,
      p_changes,
      pgtrickle_internal.column_list(p_layout -> 'base_columns', 'c'),
      case when p_is_journaled then format(
        ', journal as (insert into %1$s (refresh_id, weight, %2$s) select $6, n.weight, %3$s from net n)',
        p_layout ->> 'journal', pgtrickle_internal.column_list(p_layout -> 'base_columns'),
        pgtrickle_internal.column_list(p_layout -> 'base_columns', 'n')) end,
      case p_layout ->> 'shape'
        when 'state' then pgtrickle_internal.apply_state_sql(p_layout, p_is_rebuild)
        else pgtrickle_internal.apply_rows_sql(p_layout) end));
end
$$;
comment on function pgtrickle_internal.apply_sql(jsonb, text, boolean, boolean) is
  'The statement that nets and applies changes; gives unmatched_count, rows_removed, rows_added.';
