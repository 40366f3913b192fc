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
