-- One statement, so that journal, state and public rows are computed from one view of the data. NULLs group together and
-- match each other; what nets to nothing is not written.
create function pgtrickle_internal.apply_sql(p_layout jsonb, p_changes text, p_is_rebuild boolean) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  columns text := pgtrickle_internal.column_list(p_layout -> 'base_columns', 'c');
  spellings text[] := pgtrickle_internal.spelling_list(p_layout -> 'base_columns', p_layout -> 'base_types', 'c');
begin
  return format($sql$
    with %1$s,
    net as materialized (
      select sum(c.weight)::bigint as weight, %2$s from changes c group by %6$s having sum(c.weight) <> 0),
    journal as (
      insert into %3$s (refresh_id, weight, %4$s) select $5, c.weight, %2$s from net c)
    %5$s$sql$,
    p_changes, columns, p_layout ->> 'journal', pgtrickle_internal.column_list(p_layout -> 'base_columns'),
    case p_layout ->> 'shape'
      when 'state' then pgtrickle_internal.apply_state_sql(p_layout, p_is_rebuild)
      else pgtrickle_internal.apply_rows_sql(p_layout) end,
    array_to_string(array[columns] || spellings, ', '));
end
$$;
comment on function pgtrickle_internal.apply_sql(jsonb, text, boolean) is
  'The statement that nets and applies changes; gives unmatched_count, rows_removed, rows_added.';
