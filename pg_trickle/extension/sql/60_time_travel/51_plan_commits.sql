create function pgtrickle_internal.plan_commits(p_ids bigint[], p_from bigint, p_to bigint) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object(
      'commits_undone', coalesce(jsonb_agg(jsonb_build_object(
          'snapshot_id', c.snapshot_id, 'time', c.snapshot_time, 'author', c.author,
          'message', c.message, 'changes', c.changes) order by c.snapshot_id)
        filter (where c.position <= 100), '[]'),
      'commits_undone_count', count(*))
    from (
      select c.*, row_number() over (order by c.snapshot_id) as position
      from pgtrickle_internal.lake_commits(array(
        select s.snapshot_id from pgtrickle_internal.source_commits(p_ids, p_from, p_to) s)) c) c);
end
$$;
comment on function pgtrickle_internal.plan_commits(bigint[], bigint, bigint) is
  'The commits that a rewind undoes: the first hundred, and how many there are.';
