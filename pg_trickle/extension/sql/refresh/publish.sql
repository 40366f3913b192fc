-- How a refresh publishes: its rows become visible with the commit, if nobody has moved, paused or edited the stream table since it began.

-- The publication, last thing of a refresh, after the engine has answered. The update waits for whoever holds the row and then
-- compares with what that one left behind: a pause, an edit of the frontier and another refresh all raise the generation.
-- p_refuse_held: TR012 also if somebody holds the table, though nothing has changed since: for refreshes that no holder asks for.
-- A rewind publishes tables that it holds itself.
create function pgtrickle_internal.publish(
  p_id bigint, p_generation bigint, p_snapshot bigint, p_refuse_held boolean default false)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  published bigint;
begin
  perform pg_advisory_xact_lock_shared(pgtrickle_internal.lock_class(), p_id::integer);
  update pgtrickle_internal.stream_tables s set
      frontier = pgtrickle_internal.frontier_at(s.id, p_snapshot), contents_snapshot = p_snapshot,
      manifest_ids = (
        select r.manifest_ids from pgtrickle_internal.refreshes r
        where r.stream_table_id = s.id and r.outcome = 'Succeeded' order by r.id desc limit 1),
      generation = s.generation + 1, last_refreshed_at = clock_timestamp(),
      last_sqlstate = null, last_error = null, failure_count = 0,
      next_due_at = clock_timestamp() + coalesce(s.schedule, interval '0'),
      journal_floor = coalesce(s.journal_floor, (
        select max(r.id) from pgtrickle_internal.refreshes r where r.stream_table_id = s.id))
    where s.id = p_id and s.generation = p_generation
    returning s.generation into published;
  if published is null or (p_refuse_held and cardinality(pgtrickle_internal.holders(p_id)) > 0) then
    raise exception 'stream table % was paused, edited or refreshed by somebody else in the meantime',
        coalesce(pgtrickle_internal.qualified_name(p_id), p_id::text)
      using errcode = 'TR012', hint = 'Nothing was changed by this refresh. Look at its status and try again.';
  end if;
end
$$;
comment on function pgtrickle_internal.publish(bigint, bigint, bigint, boolean) is
  'Moves frontier and contents of a stream table; TR012 if its generation is no longer the one read at the start.';

create function pgtrickle_internal.generation(p_id bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select s.generation from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.generation(bigint) is 'Read at the start of a refresh, compared by publish().';

create function pgtrickle_internal.check_not_superseded(p_id bigint, p_generation bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if pgtrickle_internal.generation(p_id) is distinct from p_generation then
    raise exception 'stream table % was paused, edited or refreshed by somebody else in the meantime',
        coalesce(pgtrickle_internal.qualified_name(p_id), p_id::text)
      using errcode = 'TR012', hint = 'Nothing was changed by this refresh. Look at its status and try again.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_not_superseded(bigint, bigint) is
  'TR012 if the generation of a stream table is no longer the one read at the start.';
