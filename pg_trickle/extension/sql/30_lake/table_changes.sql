-- Which snapshots changed rows, as their commits say. Those of compaction and flushing move rows and change none. Anything that
-- this does not know leaves the question open.
create function pgtrickle_internal.table_changes(
  p_table_id bigint, p_from bigint, p_to bigint,
  out is_readable boolean, out reason text, out snapshot_count integer)
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
  select count(distinct c.snapshot_id) into snapshot_count
    from pgtrickle_internal.snapshot_changes(p_from, p_to) c
    where c.subject = p_table_id::text
      and c.kind in ('inserted_into_table', 'inlined_insert', 'deleted_from_table', 'inlined_delete');
end
$$;
comment on function pgtrickle_internal.table_changes(bigint, bigint, bigint) is
  'How many snapshots of (from, to] changed rows of a lake table, or why that cannot be told.';
