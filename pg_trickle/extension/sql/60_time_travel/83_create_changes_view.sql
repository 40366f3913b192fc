-- changes_<oid of the stream table>: what its sources have changed since its frontier. One source gives its own columns,
-- several give each row as JSON. Only who may read the source sees anything, whoever owns the view.
create function pgtrickle_internal.create_changes_view(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  source record;
  view_name text;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  for source in
    select s.*, row_number() over (order by s.frontier_key) as position
    from pgtrickle_internal.sources s where s.stream_table_id = p_id order by s.frontier_key
  loop
    perform pgtrickle_internal.create_source_table(pgtrickle_internal.changes_table_name(p_id, source.position), 'changes',
      'to_snapshot bigint, reads text, snapshot_id bigint, rowid bigint, sign smallint', source.relid);
  end loop;
  view_name := format('pgtrickle_changes.changes_%s', st.relid::oid);
  execute format('create view %s with (security_barrier) as %s', view_name, pgtrickle_internal.changes_query(p_id));
  execute format('comment on view %s is %L', view_name,
    format('Changes of the sources of stream table %s that it has not consumed yet.', pgtrickle_internal.qualified_name(p_id)));
  execute format('grant select on %s to %s with grant option', view_name, st.created_by);
end
$$;
comment on function pgtrickle_internal.create_changes_view(bigint) is 'Makes the view of the pending changes of a stream table.';

create function pgtrickle_internal.changes_query(p_id bigint) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select string_agg(
      pgtrickle_internal.changes_part_sql(p_id, s.relid, s.relation_name, s.position, s.source_count = 1), E'\nunion all\n' order by s.position)
    from (
      select s.*, row_number() over (order by s.frontier_key) as position, count(*) over () as source_count
      from pgtrickle_internal.sources s where s.stream_table_id = p_id) s);
end
$$;
comment on function pgtrickle_internal.changes_query(bigint) is 'What the view of the pending changes of a stream table reads.';
