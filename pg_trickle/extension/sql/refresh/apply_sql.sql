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
    case p_layout ->> 'shape'
      when 'state' then pgtrickle_internal.apply_state_sql(p_layout, p_is_rebuild)
      else pgtrickle_internal.apply_rows_sql(p_layout) end,
    array_to_string(array[columns] || spellings, ', '));
end
$$;
comment on function pgtrickle_internal.apply_sql(jsonb, text, boolean) is
  'The statement that nets and applies changes; gives unmatched_count, rows_removed, rows_added.';

-- Of a key at most one row goes and one comes; the one that comes decides. A rebuild compares all public rows with the
-- target, not only those of the changed groups, so that it also mends rows that somebody damaged.
create function pgtrickle_internal.apply_state_sql(p_layout jsonb, p_is_rebuild boolean) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  is_global boolean := (p_layout ->> 'global')::boolean;
  public_matches text := format('%s = %s',
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'p'),
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'f'));
begin
  return format($sql$,
    final as materialized (
      select %1$s n.weight, %2$s from net n order by %3$s n.weight desc %4$s),
    state as (
      merge into %5$s b using final f on %6$s
      when matched and f.weight < 0 then delete
      when matched then update set (%7$s) = row(%8$s)
      when not matched and f.weight > 0 then insert (%7$s) values (%8$s)
      returning 1),
    published as (
      merge into %9$s p using (select f.weight as "pgtrickle weight", %10$s from %11$s f) f on %12$s
      when matched and f."pgtrickle weight" < 0 then delete
      when matched and %13$s then update set (%15$s) = row(%14$s)
      when not matched and f."pgtrickle weight" > 0 then insert (%15$s) values (%14$s)
      %16$s
      returning merge_action() as action)
    select (select count(*) from final) - (select count(*) from state)
        + (select count(*) from net n where n.weight not in (-1, 1)) as unmatched_count,
      count(*) filter (where p.action <> 'INSERT') as rows_removed,
      count(*) filter (where p.action <> 'DELETE') as rows_added
    from published p$sql$,
    case when is_global then '' else format('distinct on (%s)', pgtrickle_internal.column_list(p_layout -> 'key_columns', 'n')) end,
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'n'),
    coalesce(pgtrickle_internal.column_list(p_layout -> 'key_columns', 'n') || ',', ''),
    case when is_global then 'limit 1' else '' end,
    p_layout ->> 'base',
    format('%s = %s', pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'b'),
      pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'f')),
    pgtrickle_internal.column_list(p_layout -> 'base_columns'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'f'),
    p_layout ->> 'public', pgtrickle_internal.projection_list(p_layout),
    case when p_is_rebuild then '(select 1 as weight, t.* from target t)' else 'final' end,
    public_matches,
    pgtrickle_internal.differs_sql(p_layout -> 'public_columns', p_layout -> 'public_types', 'p', 'f'),
    pgtrickle_internal.column_list(p_layout -> 'public_columns', 'f'),
    pgtrickle_internal.column_list(p_layout -> 'public_columns'),
    case when p_is_rebuild then 'when not matched by source then delete' else '' end);
end
$$;
comment on function pgtrickle_internal.apply_state_sql(jsonb, boolean) is 'The rest of apply_sql() for a table with hidden state.';

-- The rows are a multiset: of n equal ones exactly as many are deleted as the net says.
create function pgtrickle_internal.apply_rows_sql(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted text[] := pgtrickle_internal.spelling_list(p_layout -> 'base_columns', p_layout -> 'base_types', 'n');
  present text[] := pgtrickle_internal.spelling_list(p_layout -> 'base_names', p_layout -> 'base_types', 'p');
begin
  return (
    select format($sql$,
      doomed as materialized (
        select array(
          select d.tid from (
            select p.ctid as tid, row_number() over (partition by %6$s) as position, -n.weight as quota
            from %2$s p join net n on row(%3$s)::%4$s = row(%1$s)::%4$s%7$s
            where n.weight < 0) d
          where d.position <= d.quota) as tids),
      deleted as (
        delete from %2$s p where p.ctid = any ((select d.tids from doomed d)::tid[]) returning 1),
      inserted as (
        insert into %2$s (%5$s)
        select %1$s from net n cross join generate_series(1, n.weight) where n.weight > 0 returning 1)
      select (select coalesce(sum(-n.weight), 0) from net n where n.weight < 0) - d.count as unmatched_count,
        d.count as rows_removed, (select count(*) from inserted) as rows_added
      from (select count(*) as count from deleted) d$sql$,
      pgtrickle_internal.column_list(p_layout -> 'base_columns', 'n'), p_layout ->> 'public',
      pgtrickle_internal.column_list(p_layout -> 'base_names', 'p'), p_layout ->> 'key_type',
      pgtrickle_internal.column_list(p_layout -> 'base_names'),
      array_to_string(array[pgtrickle_internal.column_list(p_layout -> 'base_columns', 'n')] || wanted, ', '),
      (select string_agg(format(' and %s is not distinct from %s', w.expression, present[w.position]), '' order by w.position)
       from unnest(wanted) with ordinality as w (expression, position))));
end
$$;
comment on function pgtrickle_internal.apply_rows_sql(jsonb) is 'The rest of apply_sql() for a table that is its own base relation.';
