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
