-- A debugger's step: the paused table moves along the commits of its sources, one by one.
create function pgtrickle.step(name text, n integer default 1) returns setof pgtrickle.moved
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(step.name);
begin
  if coalesce(step.n, 0) = 0 then
    raise exception 'a step of % goes nowhere', coalesce(step.n::text, 'NULL')
      using errcode = 'TR021', hint = 'step(name, 1): one commit forward; step(name, -1): one back.';
  end if;
  perform pgtrickle_internal.check_populated(v_id);
  perform pgtrickle_internal.check_no_operation(array[v_id]);
  perform pgtrickle_internal.stage_rewind(array[v_id], pgtrickle_internal.step_target(v_id, step.n), 'Auto', 'Step');
  return query select m.* from pgtrickle_internal.finish_moves() m;
end
$$;
comment on function pgtrickle.step(text, integer) is
  'Moves a paused stream table n commits of its sources forward (or, negative, back), verified.';
