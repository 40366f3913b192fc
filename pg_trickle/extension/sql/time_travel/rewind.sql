-- Paused stream tables are moved by hand: rewind(), step().

-- Three parts, because the assertions run as the caller, with the caller's search_path (so no SET here), and everything
-- around them as the owner. A transaction that stages and does not publish cannot commit.
create function pgtrickle.rewind(
  names text[], snapshot_id bigint, strategy text default 'Auto', assertions jsonb default '[]',
  accept_contradiction boolean default false)
returns setof pgtrickle.moved
language plpgsql volatile security invoker
as $$
begin
  perform pgtrickle_internal.stage_rewind_by_name(rewind.names, rewind.snapshot_id, rewind.strategy,
    rewind.accept_contradiction);
  perform pgtrickle_internal.check_assertions(rewind.assertions, pg_catalog.current_setting('search_path'));
  return query select m.* from pgtrickle_internal.finish_moves() m;
end
$$;
comment on function pgtrickle.rewind(text[], bigint, text, jsonb, boolean) is
  'Puts paused stream tables back to one snapshot of the lake, in one transaction, verified and asserted before anybody sees it. accept_contradiction: take the lake''s rows also where others were published and recorded at that snapshot (TR022 without it).';
grant execute on function pgtrickle.rewind(text[], bigint, text, jsonb, boolean) to pgtrickle_admin;

create function pgtrickle_internal.stage_rewind_by_name(p_names text[], p_snapshot bigint, p_strategy text, p_is_accepted boolean)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  ids bigint[] := pgtrickle_internal.resolve_all(p_names);
begin
  perform pgtrickle_internal.check_no_operation(ids);
  perform pgtrickle_internal.stage_rewind(ids, p_snapshot, p_strategy, p_is_accepted => coalesce(p_is_accepted, false));
end
$$;
comment on function pgtrickle_internal.stage_rewind_by_name(text[], bigint, text, boolean) is
  'First part of pgtrickle.rewind().';
grant execute on function pgtrickle_internal.stage_rewind_by_name(text[], bigint, text, boolean) to pgtrickle_admin;

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
grant execute on function pgtrickle.step(text, integer) to pgtrickle_admin;

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
