-- What the commits of the lake say of themselves.

create function pgtrickle_internal.lake_commits(p_ids bigint[])
returns table (snapshot_id bigint, snapshot_time timestamptz, author text, message text, changes text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select s.snapshot_id, s.snapshot_time, c.author::text, c.commit_message::text, c.changes_made::text
      from ducklake.ducklake_snapshot s
      left join ducklake.ducklake_snapshot_changes c using (snapshot_id)
      where s.snapshot_id = any (p_ids);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_commits(bigint[]) is
  'Time, author, message and changes of these snapshots, as far as the lake still has them.';
alter function pgtrickle_internal.lake_commits(bigint[]) owner to pgtrickle_catalog_reader;

-- What each snapshot says of itself: created_table:"main"."events",inserted_into_table:1,…
create function pgtrickle_internal.snapshot_changes(p_from bigint, p_to bigint)
returns table (snapshot_id bigint, kind text, subject text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select c.snapshot_id, change.part[1], change.part[2]
      from ducklake.ducklake_snapshot_changes c
      -- Names are quoted and may hold commas and colons.
      cross join lateral regexp_matches(c.changes_made, '([a-z_]+):((?:"(?:[^"]|"")*"\.?)+|[^,]*)', 'g') as change (part)
      where c.snapshot_id > p_from and c.snapshot_id <= p_to;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.snapshot_changes(bigint, bigint) is
  'The changes of the snapshots in (from, to], one row each.';
alter function pgtrickle_internal.snapshot_changes(bigint, bigint) owner to pgtrickle_catalog_reader;

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

create function pgtrickle_internal.lake_marked_snapshot(p_marker text, p_after bigint) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  begin
    select c.snapshot_id into v_id
    from ducklake.ducklake_snapshot_changes c
    where c.snapshot_id > p_after and position(p_marker in c.commit_extra_info) > 0
      -- other clients write there what they like; the case keeps the cast away from text that is not JSON
      and case when c.commit_extra_info is json object
               then c.commit_extra_info::jsonb ->> 'operation' = p_marker else false end
    order by c.snapshot_id
    limit 1;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_id;
end
$$;
comment on function pgtrickle_internal.lake_marked_snapshot(text, bigint) is
  'The first snapshot after this one that carries the marker of an operation, or NULL.';
alter function pgtrickle_internal.lake_marked_snapshot(text, bigint) owner to pgtrickle_catalog_reader;
