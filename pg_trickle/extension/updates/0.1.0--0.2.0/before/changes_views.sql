-- The views of the pending changes call a function whose result changes. Until the new query is put in, they keep their columns,
-- and with them grants and whatever people have built on them, and give no rows.
create function pgtrickle_internal.empty_changes_views() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st record;
begin
  for st in
    select v.changes_view, pgtrickle_internal.changes_table_name(v.id, 1) as lake_table, (
      select string_agg(format('null::%s%s as %I', format_type(a.atttypid, a.atttypmod),
        ' collate ' || quote_ident(n.nspname) || '.' || quote_ident(l.collname), a.attname), ', ' order by a.attnum)
      from pg_attribute a
      left join pg_collation l on l.oid = a.attcollation left join pg_namespace n on n.oid = l.collnamespace
      where a.attrelid = v.changes_view and a.attnum > 0) as columns
    from (
      select s.id, pgtrickle_internal.changes_view_of(s.id) as changes_view from pgtrickle_internal.stream_tables s) v
    where v.changes_view is not null
  loop
    -- Within an extension's script only its own views can be replaced.
    execute format('alter extension pg_trickle add view %s', st.changes_view);
    execute format('create or replace view %s with (security_barrier) as select %s from %s where false',
      st.changes_view, st.columns, st.lake_table);
    execute format('alter extension pg_trickle drop view %s', st.changes_view);
  end loop;
end
$$;
select pgtrickle_internal.empty_changes_views();
drop function pgtrickle_internal.empty_changes_views();
