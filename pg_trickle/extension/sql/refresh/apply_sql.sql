-- The statement that nets changes and writes journal, base and public rows; built from the layout.

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
    case when p_layout ->> 'matched_by' = 'key' then pgtrickle_internal.apply_state_sql(p_layout, p_is_rebuild)
      when p_layout ->> 'shape' = 'state' then pgtrickle_internal.apply_projected_sql(p_layout, p_is_rebuild)
      else pgtrickle_internal.apply_rows_sql(p_layout, 'net', '0') end,
    array_to_string(array[columns] || spellings, ', '));
end
$$;
comment on function pgtrickle_internal.apply_sql(jsonb, text, boolean) is
  'The statement that nets and applies changes; gives unmatched_count, rows_removed, rows_added.';

create function pgtrickle_internal.merge_state_sql(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  is_global boolean := (p_layout ->> 'global')::boolean;
begin
  return format($sql$,
    final as materialized (
      select %1$s n.weight, %2$s from net n order by %3$s n.weight desc %4$s),
    state as (
      merge into %5$s b using final f on %6$s
      when matched and f.weight < 0 then delete
      when matched then update set (%7$s) = row(%8$s)
      when not matched and f.weight > 0 then insert (%7$s) values (%8$s)
      returning 1)$sql$,
    case when is_global then '' else format('distinct on (%s)', pgtrickle_internal.column_list(p_layout -> 'key_columns', 'n')) end,
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'n'),
    coalesce(pgtrickle_internal.column_list(p_layout -> 'key_columns', 'n') || ',', ''),
    case when is_global then 'limit 1' else '' end,
    p_layout ->> 'base',
    format('%s = %s', pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'b'),
      pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'f')),
    pgtrickle_internal.column_list(p_layout -> 'base_columns'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'f'));
end
$$;
comment on function pgtrickle_internal.merge_state_sql(jsonb) is
  'CTEs: the groups that change (final), merged into the hidden state (state). Of a key at most one row goes and one comes; the one that comes decides.';

create function pgtrickle_internal.unmatched_state_sql() returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select '(select count(*) from final) - (select count(*) from state) + (select count(*) from net n where n.weight not in (-1, 1))' $$;
comment on function pgtrickle_internal.unmatched_state_sql() is 'How many changes of groups found no group, or two.';

-- A rebuild compares all public rows with the target, not only those of the changed groups, so that it also mends rows that somebody damaged.
create function pgtrickle_internal.apply_state_sql(p_layout jsonb, p_is_rebuild boolean) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return pgtrickle_internal.merge_state_sql(p_layout) || format($sql$,
    published as (
      merge into %1$s p using (%2$s) f on %3$s = %4$s
      when matched and f."pgtrickle weight" < 0 then delete
      when matched and %5$s then update set (%7$s) = row(%6$s)
      when not matched and f."pgtrickle weight" > 0 then insert (%7$s) values (%6$s)
      %8$s
      returning merge_action() as action)
    select %9$s as unmatched_count,
      count(*) filter (where p.action <> 'INSERT') as rows_removed,
      count(*) filter (where p.action <> 'DELETE') as rows_added
    from published p$sql$,
    p_layout ->> 'public',
    pgtrickle_internal.public_rows_sql(p_layout, case when p_is_rebuild then '(select 1 as weight, t.* from target t)' else 'final' end,
      'f.weight as "pgtrickle weight", '),
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'p'),
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'f'),
    pgtrickle_internal.differs_sql(p_layout -> 'public_columns', p_layout -> 'public_types', 'p', 'f'),
    pgtrickle_internal.column_list(p_layout -> 'public_columns', 'f'),
    pgtrickle_internal.column_list(p_layout -> 'public_columns'),
    case when p_is_rebuild then 'when not matched by source then delete' else '' end,
    pgtrickle_internal.unmatched_state_sql());
end
$$;
comment on function pgtrickle_internal.apply_state_sql(jsonb, boolean) is 'The rest of apply_sql() for a table with hidden state.';

-- Public rows that do not show the key of their group, or not all groups: they are a multiset. A rebuild takes all that are there away, and
-- brings all of the target.
create function pgtrickle_internal.apply_projected_sql(p_layout jsonb, p_is_rebuild boolean) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  columns text := pgtrickle_internal.column_list(p_layout #> '{public_rows,columns}', 'c');
begin
  return pgtrickle_internal.merge_state_sql(p_layout) || format($sql$,
    public_changes (weight, %1$s) as (%2$s),
    public_net as materialized (
      select sum(c.weight)::bigint as weight, %3$s from public_changes c group by %4$s having sum(c.weight) <> 0)$sql$,
    pgtrickle_internal.column_list(p_layout #> '{public_rows,columns}'),
    case when p_is_rebuild then format('%s union all select -1, %s from only %s p', pgtrickle_internal.public_texts_sql(p_layout, '(select 1 as weight, t.* from target t)'),
        pgtrickle_internal.public_list(p_layout, 'p'), p_layout ->> 'public')
      else pgtrickle_internal.public_texts_sql(p_layout, 'net') end,
    columns, array_to_string(array[columns] || pgtrickle_internal.spelling_list(p_layout #> '{public_rows,columns}', p_layout #> '{public_rows,types}', 'c'), ', '))
    || pgtrickle_internal.apply_rows_sql(p_layout, 'public_net', pgtrickle_internal.unmatched_state_sql());
end
$$;
comment on function pgtrickle_internal.apply_projected_sql(jsonb, boolean) is
  'The rest of apply_sql() for a table with hidden state whose rows cannot be told apart by its key.';

-- The rows are a multiset: of n equal ones exactly as many are deleted as the net says.
create function pgtrickle_internal.apply_rows_sql(p_layout jsonb, p_net text, p_unmatched text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  columns jsonb := p_layout #> '{public_rows,columns}';
  types jsonb := p_layout #> '{public_rows,types}';
  wanted text[] := pgtrickle_internal.spelling_list(columns, types, 'n');
  present text[] := pgtrickle_internal.spelling_list(p_layout -> 'public_columns', types, 'p');
begin
  return format($sql$,
    doomed as materialized (
      select array(
        select d.tid from (
          select p.ctid as tid, row_number() over (partition by %1$s) as position, -n.weight as quota
          from only %2$s p join %3$s n on %4$s and row(%5$s)::%6$s = row(%7$s)::%6$s%8$s
          where n.weight < 0) d
        where d.position <= d.quota) as tids),
    deleted as (
      delete from only %2$s p where p.ctid = any ((select d.tids from doomed d)::tid[]) returning 1),
    inserted as (
      insert into %2$s (%9$s)
      select %10$s from %3$s f cross join generate_series(1, f.weight) where f.weight > 0 returning 1)
    select %11$s + (select coalesce(sum(-n.weight), 0) from %3$s n where n.weight < 0) - d.count as unmatched_count,
      d.count as rows_removed, (select count(*) from inserted) as rows_added
    from (select count(*) as count from deleted) d$sql$,
    array_to_string(array[pgtrickle_internal.column_list(columns, 'n')] || wanted, ', '),
    p_layout ->> 'public', p_net,
    -- By the index that a table kept by changes has; a hash alone would be taken for the row.
    case when p_layout ->> 'delta' is null then 'true' else format('hash_record_extended(row(%s)::%s, 0) = hash_record_extended(row(%s)::%s, 0)',
      pgtrickle_internal.public_list(p_layout, 'p'), p_layout ->> 'row_type', pgtrickle_internal.column_list(columns, 'n'), p_layout ->> 'row_type') end,
    pgtrickle_internal.public_list(p_layout, 'p'), p_layout ->> 'row_type', pgtrickle_internal.column_list(columns, 'n'),
    (select string_agg(format(' and %s is not distinct from %s', w.expression, present[w.position]), '' order by w.position)
      from unnest(wanted) with ordinality as w (expression, position)),
    pgtrickle_internal.column_list(p_layout -> 'public_columns'),
    (select string_agg(e.expression, ', ' order by e.position) from jsonb_array_elements_text(p_layout #> '{public_rows,projection}') with ordinality as e (expression, position)),
    p_unmatched);
end
$$;
comment on function pgtrickle_internal.apply_rows_sql(jsonb, text, text) is
  'The rest of apply_sql() for rows that are a multiset; p_net: the CTE with their net changes, p_unmatched: what else has not matched.';
