-- Journal and history are kept for a number of refreshes; what goes is the oldest, so that the journal has no holes.
create function pgtrickle.maintain() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  st record;
  new_floor bigint;
begin
  for st in select s.id, s.layout ->> 'journal' as journal, s.journal_floor from pgtrickle_internal.stream_tables s loop
    select r.id into new_floor from pgtrickle_internal.refreshes r
      where r.stream_table_id = st.id and r.is_journaled
      order by r.id desc offset pgtrickle_internal.setting('journal_keep_refreshes')::bigint limit 1;
    if new_floor > st.journal_floor then
      update pgtrickle_internal.stream_tables s set journal_floor = new_floor where s.id = st.id;
      execute format('delete from %s where refresh_id <= $1', st.journal) using new_floor;
    end if;
    delete from pgtrickle_internal.refreshes r using pgtrickle_internal.stream_tables s
      where s.id = st.id and r.stream_table_id = st.id and (not r.is_journaled or r.id < s.journal_floor) and r.id < (
        select h.id from pgtrickle_internal.refreshes h where h.stream_table_id = st.id
        order by h.id desc offset pgtrickle_internal.setting('history_keep_refreshes')::bigint limit 1);
  end loop;
end
$$;
comment on function pgtrickle.maintain() is 'Forgets undo journal and history beyond what the settings keep.';
