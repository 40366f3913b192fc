-- Who writes the rows of a stream table, and nobody else does.

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
  if p_is_rebuild and layout ->> 'matched_by' = 'key' then
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

-- A stream table with hidden state has one row a group. Rows that somebody repeated by force match the target one by one, so a
-- rebuild would leave them; counting is cheap, looking for them is done only when the counts differ.
create function pgtrickle_internal.delete_repeated_rows(p_layout jsonb) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_exact boolean;
  deleted bigint := 0;
begin
  execute format('select (select count(*) from %s) = (select count(*) from %s)', p_layout ->> 'public', p_layout ->> 'base') into is_exact;
  if not is_exact then
    execute format($sql$
      delete from %1$s p using (
        select r.ctid as tid, row_number() over (partition by %2$s) as copy from %1$s r) r
      where p.ctid = r.tid and r.copy > 1$sql$, p_layout ->> 'public',
      coalesce(pgtrickle_internal.column_list(p_layout -> 'public_key_columns', 'r'), 'true'));
    get diagnostics deleted = row_count;
  end if;
  return deleted;
end
$$;
comment on function pgtrickle_internal.delete_repeated_rows(jsonb) is 'Deletes rows of a stream table that are there more than once; gives their number.';

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
    with target as materialized (%1$s)
    %2$s,
    published as (insert into %3$s (%4$s) %5$s returning 1)
    select count(*) from published$sql$,
    pgtrickle_internal.query_rows_sql(layout, '$2'),
    case when layout ->> 'shape' = 'state' then format(', state as (insert into %1$s (%2$s) select %2$s from target returning 1)',
      layout ->> 'base', pgtrickle_internal.column_list(layout -> 'base_columns')) end,
    layout ->> 'public', pgtrickle_internal.column_list(layout -> 'public_columns'), pgtrickle_internal.public_rows_sql(layout, 'target'))
    into rows_added using pgtrickle_internal.plan_text(p_id), p_target;
  return rows_added;
end
$$;
comment on function pgtrickle_internal.fill_relations(bigint, bigint) is 'Fills an empty stream table and its hidden state at a snapshot; gives the number of rows.';

-- Of a query that is to become a stream table's: nobody sees its hidden state yet.
create function pgtrickle_internal.fill_base(p_layout jsonb, p_base text, p_plan text, p_target bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('insert into %s (%s) %s', p_base, pgtrickle_internal.column_list(p_layout -> 'base_columns'),
    pgtrickle_internal.query_rows_sql(p_layout, '$2')) using p_plan, p_target;
end
$$;
comment on function pgtrickle_internal.fill_base(jsonb, text, text, bigint) is
  'Fills an empty table with the base rows of a query at a snapshot.';

create function pgtrickle_internal.apply_strategy(
  p_st pgtrickle_internal.stream_tables, p_strategy text, p_target bigint, p_refresh bigint,
  p_reads pgtrickle_internal.delta_reads[], p_restore_point bigint, p_is_rebuild boolean,
  out rows_removed bigint, out rows_added bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  rows_removed := 0;
  rows_added := 0;
  if p_strategy in ('Full', 'Delta') then
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
    when 'Full' then
      select c.rows_removed, c.rows_added into rows_removed, rows_added
        from pgtrickle_internal.apply_changes(p_st.id, pgtrickle_internal.recompute_changes(p_st.layout), p_refresh,
          p_plan => pgtrickle_internal.plan_text(p_st.id), p_to => p_target, p_is_rebuild => p_is_rebuild) c;
    when 'Delta' then
      -- Rows that the catalog holds itself are read as they were there.
      perform pgtrickle_internal.lock_snapshot(p_st.contents_snapshot);
      select c.rows_removed, c.rows_added into rows_removed, rows_added
        from pgtrickle_internal.apply_changes(p_st.id, pgtrickle_internal.delta_changes(p_st.layout), p_refresh,
          p_plan => case when p_st.layout ? 'top' then pgtrickle_internal.leaf_documents(p_st) else pgtrickle_internal.plan_of(p_st) end, p_reads => case when p_st.layout ? 'top' then (pgtrickle_internal.total_reads(p_reads)).reads else p_reads[1].reads end, p_to => p_target) c;
    when 'Journal' then
      select c.rows_removed, c.rows_added into rows_removed, rows_added
        from pgtrickle_internal.apply_changes(p_st.id, pgtrickle_internal.undo_changes(p_st.layout), p_refresh,
          p_undo_after => p_restore_point) c;
  end case;
end
$$;
comment on function pgtrickle_internal.apply_strategy(pgtrickle_internal.stream_tables, text, bigint, bigint, pgtrickle_internal.delta_reads[], bigint, boolean) is
  'Applies what choose_strategy() has chosen; p_is_rebuild: a recomputation mends public rows too.';
