create function pgtrickle_rewind.observe_steps(p_uid text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'step', s.step, 'attempt', s.attempt, 'outcome', s.outcome,
             'started_at', s.started_at, 'finished_at', s.finished_at,
             'before', s.before, 'after', s.after, 'error', s.error)
           order by s.started_at, s.step, s.attempt), '[]')
    from pgtrickle_rewind.steps s
    where s.uid = p_uid);
end;
$$;
comment on function pgtrickle_rewind.observe_steps(text) is 'Attempts of the steps of an operation, in order.';
