create function pgtrickle_rewind.finish_move(p_uid text, p_token uuid, p_step text, p_assertions jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_attempt integer;
  v_after jsonb;
begin
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
  select s.attempt into v_attempt
  from pgtrickle_rewind.steps s
  where s.uid = p_uid and s.step = p_step and s.outcome = 'Running';
  select jsonb_build_object(
           'snapshot_id', min(m.to_snapshot),
           'tables', coalesce(jsonb_agg(to_jsonb(m) order by m.table_name), '[]'),
           'assertions', coalesce(jsonb_array_length(p_assertions), 0))
  into v_after
  from pgtrickle_internal.finish_moves() m;
  perform pgtrickle_rewind.close_step(p_uid, p_step, v_attempt, v_after);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.finish_move(text, uuid, text, jsonb) is
  'Publishes what was staged in this transaction and records the step as done.';
