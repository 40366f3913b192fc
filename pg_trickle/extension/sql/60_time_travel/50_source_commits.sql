-- Commits of the lake that a stream table can notice.
create function pgtrickle_internal.source_commits(p_ids bigint[], p_from bigint, p_to bigint)
returns table (snapshot_id bigint, kinds text[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with tables as (
      select distinct t.table_id::text as table_id
      from pgtrickle_internal.sources s
      cross join lateral pgtrickle_internal.lake_table_ids(s.lake_schema, s.lake_table) as t (table_id)
      where s.stream_table_id = any (p_ids))
    select c.snapshot_id, array_agg(distinct c.kind order by c.kind)
    from pgtrickle_internal.snapshot_changes(p_from, p_to) c
    join tables t on t.table_id = c.subject
    where c.kind in ('inserted_into_table', 'inlined_insert', 'deleted_from_table', 'inlined_delete',
      'altered_table', 'dropped_table')
    group by c.snapshot_id;
end
$$;
comment on function pgtrickle_internal.source_commits(bigint[], bigint, bigint) is
  'Snapshots of (from, to] that changed the sources of these stream tables.';
