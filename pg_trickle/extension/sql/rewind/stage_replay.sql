-- The way forward again after a rewind: to the head, or to the next commit on the way there.

-- One target for all the tables; the head is read once.
create function pgtrickle_internal.stage_replay(p_ids bigint[], p_target bigint default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  target bigint := coalesce(p_target, pgtrickle_internal.lake_head());
  generation bigint;
  refresh pgtrickle_internal.refreshes;
  evidence pgtrickle_internal.evidence;
  verified pgtrickle.verification;
  contradiction jsonb;
  id bigint;
begin
  perform pgtrickle_internal.check_adopted();
  perform pgtrickle_internal.pin_snapshot(target);
  foreach id in array p_ids loop
    perform pgtrickle_internal.authorise(id, 'replay');
    perform pgtrickle_internal.take_move(id);
    generation := pgtrickle_internal.generation(id);
    evidence := pgtrickle_internal.recorded_evidence(id, target);
    refresh := pgtrickle_internal.move_contents(id, target, 'Replay');
    verified := pgtrickle_internal.checked_rows(id, target, 'engine', null);
    -- Of a past snapshot on its way. Nothing refuses here: the rewind is committed, and the head is what counts.
    contradiction := pgtrickle_internal.contradiction(evidence, verified.row_count, verified.fingerprint, 'lake');
    perform pgtrickle_internal.stage(id, refresh.id, generation, target, verified, contradiction);
    perform pgtrickle_internal.add_reason(refresh.id, null,
      pgtrickle_internal.evidence_note(evidence, verified.fingerprint, contradiction));
  end loop;
exception
  when data_exception or cardinality_violation then
    perform pgtrickle_internal.refuse_query_failure('replay', id, target, sqlstate, sqlerrm);
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Nothing was changed. Try again when it is back.';
end
$$;
comment on function pgtrickle_internal.stage_replay(bigint[], bigint) is
  'Puts stream tables at a snapshot, by default the head of the lake, verified, without publishing.';

create function pgtrickle_internal.next_replay_target(p_ids bigint[]) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  reached bigint := (select min(s.contents_snapshot) from pgtrickle_internal.stream_tables s where s.id = any (p_ids));
  target bigint;
  later bigint;
begin
  select min(c.snapshot_id), count(*) into target, later
    from pgtrickle_internal.source_commits(p_ids, reached, pgtrickle_internal.lake_head()) c;
  return case when later > 1 then target end;
end
$$;
comment on function pgtrickle_internal.next_replay_target(bigint[]) is
  'The next commit of the sources of these stream tables, or NULL if the step after it is the head.';
