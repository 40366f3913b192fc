-- What the scheduler does now and then.

-- Journal and history are kept for a number of refreshes; what goes is the oldest, so that the journal has no holes. The
-- registry rows come last, all at once: a pause needs them, and must not wait for a long deletion.
create function pgtrickle.maintain() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  st record;
  new_floor bigint;
  ids bigint[] := '{}';
  floors bigint[] := '{}';
begin
  for st in select s.id, s.layout ->> 'journal' as journal, s.journal_floor from pgtrickle_internal.stream_tables s order by s.id loop
    select r.id into new_floor from pgtrickle_internal.refreshes r
      where r.stream_table_id = st.id and r.is_journaled
      order by r.id desc offset pgtrickle_internal.setting('journal_keep_refreshes')::bigint limit 1;
    if new_floor > st.journal_floor then
      begin
        execute format('delete from %s where refresh_id <= $1', st.journal) using new_floor;
      exception when undefined_table then
        continue; -- dropped meanwhile, or given another query
      end;
      ids := ids || st.id;
      floors := floors || new_floor;
    else
      new_floor := st.journal_floor;
    end if;
    -- What the rows are now is told by the newest fingerprint, and where the journal begins by its floor: both stay. So does
    -- the newest move back, by which a rewind of long ago is known to be no longer in force.
    delete from pgtrickle_internal.refreshes r
      where r.stream_table_id = st.id and (not r.is_journaled or r.id < new_floor) and r.id is distinct from new_floor
        and r.id is distinct from (
          select max(b.id) from pgtrickle_internal.refreshes b where b.stream_table_id = st.id and b.is_backward)
        and r.id is distinct from (select max(f.refresh_id) from pgtrickle_internal.fingerprints f where f.stream_table_id = st.id)
        and r.id < (
          select h.id from pgtrickle_internal.refreshes h where h.stream_table_id = st.id
          order by h.id desc offset pgtrickle_internal.setting('history_keep_refreshes')::bigint limit 1);
  end loop;
  perform from pgtrickle_internal.stream_tables s where s.id = any (ids) order by s.id for no key update;
  update pgtrickle_internal.stream_tables s set journal_floor = f.journal_floor
    from unnest(ids, floors) as f (id, journal_floor) where s.id = f.id;
  perform pgtrickle_internal.forget_manifests();
  if pgtrickle_internal.is_adopted() then
    begin
      perform pgtrickle_guard.attach();
      perform pgtrickle_guard.forget_expired();
    exception when lock_not_available then
      null; -- the lake is busy: next time
    end;
  end if;
end
$$;
comment on function pgtrickle.maintain() is 'Forgets undo journal and history beyond what the settings keep, and completes the guard of the lake''s catalog.';
grant execute on function pgtrickle.maintain() to pgtrickle_scheduler, pgtrickle_admin;
