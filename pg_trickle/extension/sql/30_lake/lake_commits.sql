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
