-- snapshots(): the commits that a stream table can notice, and how each is reached.

create function pgtrickle_reading.snapshots(p_name text, p_caller pgtrickle_reading.caller)
returns table (
  snapshot_id bigint, snapshot_time timestamptz, author text, message text,
  rows_added bigint, rows_removed bigint, is_current boolean, strategies text[])
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(p_name);
  contents bigint;
begin
  perform pgtrickle_reading.check_may_read(v_id, p_caller);
  select s.contents_snapshot into contents from pgtrickle_internal.stream_tables s where s.id = v_id;
  return query
    with commits as materialized (
      select c.snapshot_id, c.kinds from pgtrickle_internal.source_commits(array[v_id], -1, pgtrickle_internal.lake_head()) c),
    restore_points as materialized (
      select distinct r.contents_after as snapshot_id
      from pgtrickle_internal.refreshes r join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
      where r.stream_table_id = v_id and r.outcome = 'Succeeded' and r.id >= s.journal_floor),
    -- the rows do not change between one commit and the next, so a restore point reaches the commit before it too
    reached as materialized (
      select e.snapshot_id, max(e.commit_id) over (order by e.snapshot_id, e.commit_id nulls last) as commit_id,
        e.commit_id is null as is_restore_point
      from (
        select c.snapshot_id, c.snapshot_id as commit_id from commits c
        union all
        select b.snapshot_id, null from restore_points b) e),
    by_journal as materialized (
      select r.snapshot_id from reached r where r.is_restore_point
      union
      select r.commit_id from reached r where r.is_restore_point),
    -- between which snapshots the lake had all columns of the query
    spans as materialized (
      select s.frontier_key, c.column_name, c.begin_snapshot, c.end_snapshot
      from pgtrickle_internal.sources s cross join lateral pgtrickle_internal.lake_column_spans(s.lake_schema, s.lake_table) c
      where s.stream_table_id = v_id),
    ids as materialized (select k.snapshot_id from commits k union select b.snapshot_id from restore_points b),
    counted as materialized (select r.* from pgtrickle_internal.snapshot_rows(v_id) r)
    select i.snapshot_id, s.snapshot_time, s.author, s.message,
      case when c.kinds && array['inserted_into_table', 'inlined_insert'] then nullif(r.rows_added, 0)
           when c.kinds is not null then 0 end,
      case when c.kinds && array['deleted_from_table', 'inlined_delete'] then nullif(r.rows_removed, 0)
           -- its rows went with it, and are not counted
           when not c.kinds && array['dropped_table'] then 0 end,
      i.snapshot_id is not distinct from contents,
      array_remove(array[
        case when s.snapshot_id is not null and not exists (
            select from pgtrickle_internal.sources w cross join lateral unnest(w.lake_columns) as wanted (name)
            where w.stream_table_id = v_id and not exists (
              select from spans c where c.frontier_key = w.frontier_key and c.column_name = wanted.name
                and c.begin_snapshot <= i.snapshot_id and (c.end_snapshot is null or c.end_snapshot > i.snapshot_id)))
          then 'Full' end,
        case when j.snapshot_id is not null then 'Journal' end], null)
    from ids i
    left join commits c using (snapshot_id)
    left join by_journal j using (snapshot_id)
    left join pgtrickle_internal.lake_commits(array(select k.snapshot_id from ids k)) s using (snapshot_id)
    left join counted r using (snapshot_id)
    order by i.snapshot_id desc;
end
$$;
comment on function pgtrickle_reading.snapshots(text, pgtrickle_reading.caller) is 'Behind pgtrickle.snapshots().';

create function pgtrickle.snapshots(name text)
returns table (
  snapshot_id bigint, snapshot_time timestamptz, author text, message text,
  rows_added bigint, rows_removed bigint, is_current boolean, strategies text[])
language sql
as $$ select s.* from pgtrickle_reading.snapshots($1, (select c from pgtrickle_reading.caller c)) s $$;
comment on function pgtrickle.snapshots(text) is
  'Snapshots that changed the sources of a stream table, or that it has stood at: when, by whom, how many rows (NULL: not known any more), and by which strategies rewind() reaches them.';
