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
begin
  perform pgtrickle_internal.check_adopted();
  foreach v_id in array ids loop
    perform pgtrickle_internal.authorise(v_id, 'resume');
  end loop;
  foreach v_id in array ids loop
    perform pgtrickle_internal.drop_hold(v_id, 'person');
    perform pgtrickle_rewind.drop_ended_holds(v_id);
    holders := pgtrickle_internal.holders(v_id);
    if cardinality(holders) > 0 then
      raise notice 'stream table % stays paused: it is held by %', pgtrickle_internal.qualified_name(v_id), array_to_string(holders, ', ')
        using hint = coalesce('If the object of that rewind is gone: ' || pgtrickle_rewind.orphan_statements(v_id),
          'Its holder releases it.');
    end if;
    return next format('%s is %s', pgtrickle_internal.qualified_name(v_id), pgtrickle_internal.status(v_id));
  end loop;
end
$$;
comment on function pgtrickle.resume_scheduler(text[]) is
  'Releases a person''s pause of these stream tables and what failed rewinds have left; other holders keep theirs and are named. Refreshes go on from the frontier.';
