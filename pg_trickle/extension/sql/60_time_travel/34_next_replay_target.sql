create function pgtrickle_internal.next_replay_target(p_ids bigint[]) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  reached bigint := (select min(s.contents_snapshot) from pgtrickle_internal.stream_tables s where s.id = any (p_ids));
  target bigint;
  later bigint;
begin
  select min(c.snapshot_id), count(*) into target, later
    from pgtrickle_internal.source_commits(p_ids, reached, pgtrickle_internal.lake_head()) c;
  return case when later > 1 then target end;
end
$$;
comment on function pgtrickle_internal.next_replay_target(bigint[]) is
  'The next commit of the sources of these stream tables, or NULL if the step after it is the head.';
