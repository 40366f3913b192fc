-- A person stops the refreshes of stream tables, and lets them go on.

-- Commits at once whatever the engine does: it needs the registry row only, and a refresh holds that only at its end.
create function pgtrickle.pause_scheduler(names text[]) returns setof text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
  ids bigint[] := pgtrickle_internal.resolve_all(names);
begin
  foreach v_id in array ids loop
    perform pgtrickle_internal.authorise(v_id, 'pause');
  end loop;
  foreach v_id in array ids loop
    perform pgtrickle_internal.add_hold(v_id, 'person');
    return next format('%s is PAUSED at snapshot %s', pgtrickle_internal.qualified_name(v_id), coalesce(
      (select s.frontier_snapshot from pgtrickle_internal.stream_tables s where s.id = v_id)::text, 'none'));
  end loop;
end
$$;
comment on function pgtrickle.pause_scheduler(text[]) is
  'Stops the refreshes of these stream tables until resume_scheduler(). Durable and idempotent; after its commit nothing is published any more.';
grant execute on function pgtrickle.pause_scheduler(text[]) to pgtrickle_admin;

-- Order of locks: operations first, then the tables by id, among them those of an ended operation that were not named.
create function pgtrickle.resume_scheduler(names text[]) returns setof text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
  ids bigint[] := pgtrickle_internal.resolve_all(names);
  holders text[];
  ended pgtrickle_internal.holds[];
begin
  perform pgtrickle_internal.check_adopted();
  foreach v_id in array ids loop
    perform pgtrickle_internal.authorise(v_id, 'resume');
  end loop;
  ended := array(select h from pgtrickle_rewind.end_silent_operations(ids) h);
  for v_id in select i from unnest(ids) i union select e.stream_table_id from unnest(ended) e order by 1 loop
    perform pgtrickle_internal.drop_hold(v_id, e.holder) from unnest(ended) e where e.stream_table_id = v_id;
    continue when v_id <> all (ids);
    perform pgtrickle_internal.drop_hold(v_id, 'person');
    perform pgtrickle_rewind.drop_ended_holds(v_id);
    holders := pgtrickle_internal.holders(v_id);
    if cardinality(holders) > 0 then
      raise notice 'stream table % stays paused: it is held by %', pgtrickle_internal.qualified_name(v_id), array_to_string(holders, ', ')
        using hint = coalesce(pgtrickle_rewind.hold_hint(v_id), 'Its holder releases it.');
    end if;
    return next format('%s is %s', pgtrickle_internal.qualified_name(v_id), pgtrickle_internal.status(v_id));
  end loop;
end
$$;
comment on function pgtrickle.resume_scheduler(text[]) is
  'Releases a person''s pause of these stream tables, what failed rewinds have left, and all that a rewind holds whose operator has been silent for two minutes; other holders keep theirs and are named. Refreshes go on from the frontier.';
grant execute on function pgtrickle.resume_scheduler(text[]) to pgtrickle_admin;
