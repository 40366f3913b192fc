-- The first rows of a stream table. Nothing is there to compare with and nothing to undo, so they are just inserted.
create function pgtrickle_internal.fill_relations(p_id bigint, p_target bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
  rows_added bigint;
begin
  execute format($sql$
    with target as materialized (select %1$s from %2$s where plan = (select $1) and to_snapshot = (select $2))
    %3$s,
    published as (insert into %4$s (%5$s) select %6$s from target f returning 1)
    select count(*) from published$sql$,
    pgtrickle_internal.column_list(layout -> 'base_columns'), layout ->> 'recompute',
    case when layout ->> 'shape' = 'state' then format(', state as (insert into %1$s (%2$s) select %2$s from target returning 1)',
      layout ->> 'base', pgtrickle_internal.column_list(layout -> 'base_columns')) end,
    layout ->> 'public', pgtrickle_internal.column_list(layout -> 'public_columns'), pgtrickle_internal.projection_list(layout))
    into rows_added using pgtrickle_internal.plan_text(p_id), p_target;
  return rows_added;
end
$$;
comment on function pgtrickle_internal.fill_relations(bigint, bigint) is 'Fills an empty stream table and its hidden state at a snapshot; gives the number of rows.';
