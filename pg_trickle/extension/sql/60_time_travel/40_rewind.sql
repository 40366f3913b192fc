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
