create function pgtrickle_internal.step_target(p_id bigint, p_steps integer) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  contents bigint := (select s.contents_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id);
  target bigint;
begin
  if p_steps > 0 then
    select max(c.snapshot_id) into target from (
      select c.snapshot_id from pgtrickle_internal.source_commits(array[p_id], contents, pgtrickle_internal.lake_head()) c
      order by c.snapshot_id limit p_steps) c;
  else
    -- one step back from any place leaves the last commit behind
    select min(c.snapshot_id) into target from (
      select c.snapshot_id from pgtrickle_internal.source_commits(array[p_id], -1, contents) c
      order by c.snapshot_id desc limit 1 - p_steps) c;
  end if;
  return coalesce(target, contents);
end
$$;
comment on function pgtrickle_internal.step_target(bigint, integer) is
  'The snapshot so many commits of the sources after (or, negative, before) the contents.';
