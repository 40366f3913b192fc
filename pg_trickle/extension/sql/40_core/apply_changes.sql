-- The writer of stream tables: the guard triggers look for this function in the call stack.
create function pgtrickle_internal.apply_changes(
  p_id bigint, p_changes text, p_refresh bigint,
  p_plan text default null, p_reads text default null, p_to bigint default null,
  p_undo_after bigint default null, p_is_rebuild boolean default false,
  out rows_removed bigint, out rows_added bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
-- Sorting composite keys costs more than hashing them ever does; and the planner's idea of the rows is too rough for JIT.
set enable_mergejoin = off
set jit = off
-- What it touches is hot, and it is few rows of possibly many.
set random_page_cost = 1.1
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
  unmatched_count bigint;
begin
  execute pgtrickle_internal.apply_sql(layout, p_changes, p_is_rebuild)
    into unmatched_count, rows_removed, rows_added
    using p_plan, p_reads, p_to, p_undo_after, p_refresh;
  if p_is_rebuild and layout ->> 'shape' = 'state' then
    rows_removed := rows_removed + pgtrickle_internal.delete_repeated_rows(layout);
  end if;
  if unmatched_count <> 0 then
    raise exception 'the hidden state of stream table % does not match its changes', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'XX001',
        hint = format('Nothing was changed. Rebuild it: select pgtrickle.refresh(%L, ''FULL'');', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_internal.apply_changes(bigint, text, bigint, text, text, bigint, bigint, boolean) is
  'Nets the changes that a CTE text defines and writes journal, base and public rows. Parameters of the text: $1 plan, $2 what a delta reads, $3 to, $4 undo after, $5 refresh.';
