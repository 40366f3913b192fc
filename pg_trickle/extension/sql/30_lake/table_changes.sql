-- Which snapshots a delta has to read. Only row changes count; snapshots of compaction and of flushing carry phantom rows
-- in the feed and no change of rows. Anything that this does not know makes the delta impossible, never wrong.
create function pgtrickle_internal.table_changes(
  p_table_id bigint, p_from bigint, p_to bigint,
  out is_readable boolean, out reason text, out snapshots text, out snapshot_count integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  suspect record;
begin
  select c.snapshot_id, c.kind, c.part into suspect
    from (
      select c.snapshot_id, string_agg(distinct c.kind, ' and ' order by c.kind) as kind,
        bool_or(c.class = 'rows') and bool_or(c.class = 'upkeep') as is_mixed,
        bool_or(c.class = 'unknown') as is_unknown, min(c.class) as part
      from (
        select c.snapshot_id, c.kind, case
            when c.kind in ('inserted_into_table', 'inlined_insert', 'deleted_from_table', 'inlined_delete') then 'rows'
            when c.kind in ('inline_flush', 'flushed_inlined', 'merge_adjacent', 'rewrite_delete', 'compacted_table')
              then 'upkeep'
            else 'unknown'
          end as class
        from pgtrickle_internal.snapshot_changes(p_from, p_to) c
        where c.subject = p_table_id::text
          -- The subject of what creates, drops or alters other things is a name or another id.
          or c.kind !~ '^(created|dropped|altered)_|^(inserted_into_table|inlined_insert|deleted_from_table|inlined_delete|inline_flush|flushed_inlined|merge_adjacent|rewrite_delete|compacted_table)$'
      ) c
      group by c.snapshot_id
    ) c
    where c.is_mixed or c.is_unknown
    order by c.snapshot_id limit 1;
  if found then
    is_readable := false;
    reason := format('snapshot %s holds %s', suspect.snapshot_id, suspect.kind);
    return;
  end if;
  is_readable := true;
  select coalesce(string_agg(c.item, ',' order by c.snapshot_id), ''), count(*)
    into snapshots, snapshot_count
    from (
      select c.snapshot_id,
        c.snapshot_id || case when bool_and(c.kind in ('inserted_into_table', 'inlined_insert')) then 'i' else '' end as item
      from pgtrickle_internal.snapshot_changes(p_from, p_to) c
      where c.subject = p_table_id::text
        and c.kind in ('inserted_into_table', 'inlined_insert', 'deleted_from_table', 'inlined_delete')
      group by c.snapshot_id
    ) c;
end
$$;
comment on function pgtrickle_internal.table_changes(bigint, bigint, bigint) is
  'Snapshots of (from, to] that changed rows of a lake table: "7i,9" (i: only insertions), or why they cannot be read.';
