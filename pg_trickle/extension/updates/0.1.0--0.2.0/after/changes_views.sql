-- The foreign tables below the views of the pending changes, and the views' new query. A source whose columns have changed since the
-- stream table was created no longer fits them: that view is made anew, or is gone if its source is.
create function pgtrickle_internal.is_source_unchanged(p_id bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select bool_and((
        select jsonb_agg(jsonb_build_array(c.name, c.type, c.lake_name) order by c.ordinal)
        from pgtrickle_internal.source_columns(s.lake_relation) c where c.name ~ '^x[0-9]+$')
      is not distinct from (
        select jsonb_agg(jsonb_build_array('x' || c.ordinal, c.type, c.lake_name) order by c.ordinal)
        from pgtrickle_internal.source_columns(s.relid) c))
    from (
      select s.relid,
        pgtrickle_internal.changes_table_name(p_id, row_number() over (order by s.frontier_key))::regclass as lake_relation
      from pgtrickle_internal.sources s where s.stream_table_id = p_id) s);
end
$$;

create function pgtrickle_internal.update_changes_view(p_id bigint, p_view regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  part text;
begin
  for part in
    select pgtrickle_internal.changes_table_name(p_id, n)
    from generate_series(1, (select count(*) from pgtrickle_internal.sources s where s.stream_table_id = p_id)) n
  loop
    execute format('alter foreign table %s rename column snapshots to reads', part);
    execute format('alter foreign table %s drop column from_snapshot', part);
  end loop;
  execute format('alter extension pg_trickle add view %s', p_view);
  execute format('create or replace view %s with (security_barrier) as %s', p_view, pgtrickle_internal.changes_query(p_id));
  execute format('alter extension pg_trickle drop view %s', p_view);
end
$$;

create function pgtrickle_internal.remake_changes_view(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.drop_changes_view(p_id);
  if exists (
    select from pgtrickle_internal.sources s
    where s.stream_table_id = p_id and not exists (select from pg_class c where c.oid = s.relid))
  then
    return;
  end if;
  perform pgtrickle_internal.create_changes_view(p_id);
end
$$;

create function pgtrickle_internal.update_changes_views() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st record;
begin
  for st in
    select s.id, pgtrickle_internal.changes_view_of(s.id) as changes_view from pgtrickle_internal.stream_tables s order by s.id
  loop
    if st.changes_view is not null and pgtrickle_internal.is_source_unchanged(st.id) then
      perform pgtrickle_internal.update_changes_view(st.id, st.changes_view);
    else
      perform pgtrickle_internal.remake_changes_view(st.id);
    end if;
  end loop;
end
$$;
select pgtrickle_internal.update_changes_views();
drop function pgtrickle_internal.update_changes_views(), pgtrickle_internal.remake_changes_view(bigint),
  pgtrickle_internal.update_changes_view(bigint, regclass), pgtrickle_internal.is_source_unchanged(bigint);
