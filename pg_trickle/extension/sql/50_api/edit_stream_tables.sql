-- UPDATE … SET frontier, and nothing else. Needs no engine: the lake's snapshots are rows of this database.
create function pgtrickle_internal.edit_stream_tables() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  snapshot bigint;
  changed text;
begin
  if tg_op <> 'UPDATE' then
    raise exception 'stream tables are not created or dropped through this view'
      using errcode = '0A000', hint = 'Use pgtrickle.create_stream_table() and pgtrickle.drop_stream_table().';
  end if;
  select string_agg(n.key, ', ' order by n.key) into changed
    from jsonb_each(to_jsonb(new)) n join jsonb_each(to_jsonb(old)) o using (key)
    where n.value is distinct from o.value and n.key <> 'frontier';
  if changed is not null then
    raise exception 'only the frontier of a stream table can be updated, not %', changed
      using errcode = '0A000', hint = 'pgtrickle.alter_stream_table() changes schedule and mode, pause_scheduler() and resume_scheduler() the status.';
  end if;
  perform pgtrickle_internal.authorise(old.pgt_id, 'edit the frontier of');
  perform pgtrickle_internal.check_adopted();
  perform pgtrickle_internal.lock_gate(old.pgt_id);
  if cardinality(pgtrickle_internal.holders(old.pgt_id)) = 0 then
    raise exception 'the frontier of stream table % can be edited only while it is paused', pgtrickle_internal.qualified_name(old.pgt_id)
      using errcode = 'TR007', hint = format('select pgtrickle.pause_scheduler(array[%L]);', pgtrickle_internal.qualified_name(old.pgt_id));
  end if;
  snapshot := pgtrickle_internal.checked_frontier(old.pgt_id, new.frontier);
  perform pgtrickle_internal.pin_snapshot(snapshot);
  insert into pgtrickle_internal.refreshes (stream_table_id, action, strategy, from_snapshot, to_snapshot,
      contents_before, contents_after, requested_by, started_at)
    select s.id, 'FrontierEdit', 'None', s.frontier_snapshot, snapshot, s.contents_snapshot, s.contents_snapshot,
      pgtrickle_internal.caller(), clock_timestamp()
    from pgtrickle_internal.stream_tables s where s.id = old.pgt_id;
  update pgtrickle_internal.stream_tables s set
      frontier = pgtrickle_internal.frontier_at(s.id, snapshot), generation = s.generation + 1
    where s.id = old.pgt_id;
  return new;
end
$$;
comment on function pgtrickle_internal.edit_stream_tables() is 'Updates of pgtrickle.pgt_stream_tables.frontier.';
