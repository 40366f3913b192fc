-- DuckLake keeps small inserts and deletes in tables of its catalog: of inserts one per lake table and schema version.
create function pgtrickle_internal.inlined_rows_sql(p_table_ids bigint[]) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(string_agg(format(case when starts_with(c.relname, 'ducklake_inlined_data') then $sql$
        union all
        select i.begin_snapshot, 1, 0 from ducklake.%1$I i
        union all
        select i.end_snapshot, 0, 1 from ducklake.%1$I i where i.end_snapshot is not null$sql$
      else $sql$
        union all
        select i.begin_snapshot, 0, 1 from ducklake.%1$I i$sql$ end, c.relname), ''), '')
    from pg_class c
    cross join unnest(p_table_ids) as t (table_id)
    where c.relnamespace = 'ducklake'::regnamespace and c.relkind = 'r'
      and c.relname ~ format('^ducklake_inlined_(data_%1$s_[0-9]+|delete_%1$s)$', t.table_id));
end
$$;
comment on function pgtrickle_internal.inlined_rows_sql(bigint[]) is 'The part of lake_table_rows() that counts inlined rows.';
