-- verify(): a stream table against its query, for whoever may read it.

create function pgtrickle_reading.verify(p_name text, p_level text, p_caller pgtrickle_reading.caller)
returns pgtrickle.verification
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(p_name);
  st pgtrickle_internal.stream_tables;
  refresh bigint;
  staged bigint;
  result pgtrickle.verification;
begin
  perform pgtrickle_reading.check_may_read(v_id, p_caller);
  perform pgtrickle_internal.check_populated(v_id);
  for attempt in 1 .. 3 loop
    select s.* into st from pgtrickle_internal.stream_tables s where s.id = v_id;
    -- inside an assertion: what this transaction is about to publish
    select m.snapshot_id into staged from pgtrickle_internal.staged_moves m
      where m.stream_table_id = v_id and m.xid = pg_current_xact_id_if_assigned();
    select max(f.refresh_id) into refresh from pgtrickle_internal.fingerprints f where f.stream_table_id = st.id;
    if p_level in ('engine', 'rows') then
      perform pgtrickle_internal.check_files(st.id, coalesce(staged, st.contents_snapshot));
    end if;
    result := pgtrickle_internal.verify_contents(st.id, coalesce(staged, st.contents_snapshot), p_level, refresh);
    -- a refresh may have published between the look at the registry and the look at the rows: only then once more
    exit when result.ok or pgtrickle_internal.generation(st.id) = st.generation;
  end loop;
  return result;
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Level fingerprint compares with what was recorded when the rows were published, without the engine.';
end
$$;
comment on function pgtrickle_reading.verify(text, text, pgtrickle_reading.caller) is 'Behind pgtrickle.verify().';

create function pgtrickle.verify(name text, level text default 'engine') returns pgtrickle.verification
language sql
as $$ select pgtrickle_reading.verify($1, $2, (select c from pgtrickle_reading.caller c)) $$;
comment on function pgtrickle.verify(text, text) is
  'A stream table against its query, as multisets. level engine: recomputed by the lake engine; rows: by PostgreSQL itself from the source''s rows; fingerprint: against what was recorded when the rows were published.';
