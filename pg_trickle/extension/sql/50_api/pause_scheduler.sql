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
