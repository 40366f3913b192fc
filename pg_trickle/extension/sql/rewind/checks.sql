-- What the rows are checked against before they are published.

-- After a rewind by journal (or to where the table is already) the rows must be, bit for bit, those that were published at the
-- restore point: that needs no engine and costs nothing in the size of the lake. Whoever wants proof (the operator) has the query
-- recomputed too, if the engine answers and the lake still has the snapshot, with its files. A lake that gives other rows at a past
-- snapshot now than were published there is a contradiction: told, and the published rows stay.
create function pgtrickle_internal.checked_restore(
  p_id bigint, p_snapshot bigint, p_restore_point bigint, p_is_proof_wanted boolean, p_evidence pgtrickle_internal.evidence,
  out verified pgtrickle.verification, out contradiction jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_recorded boolean := exists (select from pgtrickle_internal.fingerprints f where f.refresh_id = p_restore_point);
  computed pgtrickle.verification;
begin
  if is_recorded then
    verified := pgtrickle_internal.checked_rows(p_id, p_snapshot, 'fingerprint', p_restore_point);
  end if;
  if is_recorded and not (p_is_proof_wanted and pgtrickle_internal.snapshot_exists(p_snapshot)
      -- a frozen engine would only cost time, and the commit after it
      and not exists (select from pgtrickle_internal.lake_health h where not h.is_healthy)) then
    return;
  end if;
  begin
    computed := pgtrickle_internal.verify_contents(p_id, p_snapshot, 'engine', null);
    if not computed.ok then
      -- one wrong answer of an engine is not yet the lake's word
      computed := pgtrickle_internal.verify_contents(p_id, p_snapshot, 'engine', null);
    end if;
  exception
    when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
      or fdw_unable_to_establish_connection or io_error
      -- files that are lost, or cannot be read
      or sqlstate 'LT008' or sqlstate 'LT010' or sqlstate 'LT012' then
      if not is_recorded then
        raise;
      end if;
      return;
  end;
  if not computed.ok and is_recorded then
    contradiction := pgtrickle_internal.contradiction(
      p_evidence, computed.expected_row_count, computed.expected_fingerprint, 'recorded',
      pgtrickle_internal.contradiction_sample(computed.unexpected, computed.missing));
  end if;
  if contradiction is null then
    perform pgtrickle_internal.refuse_wrong_rows(p_id, p_snapshot, computed);
    verified := computed;
  end if;
end
$$;
comment on function pgtrickle_internal.checked_restore(bigint, bigint, bigint, boolean, pgtrickle_internal.evidence) is
  'checked_rows() after a rewind by journal: by the recorded fingerprint, and by the engine if proof is wanted; with the contradiction, if the lake gives other rows.';

-- Rows that have just come from the lake and are, hash for hash, those that an earlier refresh published there were computed
-- twice, at different times and mostly in different ways. Where nothing was published, or something else, the lake is asked once
-- more: only if it says the same again does its word stand against the evidence.
create function pgtrickle_internal.checked_recompute(
  p_id bigint, p_snapshot bigint, p_evidence pgtrickle_internal.evidence, p_restore_point bigint,
  out verified pgtrickle.verification, out contradiction jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  compared record;
  sample jsonb;
begin
  if p_evidence.refresh_id is not null then
    verified := pgtrickle_internal.verify_contents(p_id, p_snapshot, 'fingerprint', p_evidence.refresh_id);
    if verified.ok then
      return;
    end if;
  end if;
  verified := pgtrickle_internal.checked_rows(p_id, p_snapshot, 'engine', null);
  if pgtrickle_internal.contradicts(p_evidence, verified.fingerprint) then
    if p_restore_point is not null then
      compared := pgtrickle_internal.compare_with_undone(p_id, p_restore_point);
      sample := pgtrickle_internal.contradiction_sample(compared.missing, compared.unexpected);
    end if;
    contradiction := pgtrickle_internal.contradiction(p_evidence, verified.row_count, verified.fingerprint, 'lake',
      sample);
  end if;
end
$$;
comment on function pgtrickle_internal.checked_recompute(bigint, bigint, pgtrickle_internal.evidence, bigint) is
  'The check of a rewind that read the lake: by the fingerprint of an earlier refresh there, else by recomputing again; with the contradiction between the two. p_restore_point: the refresh after which the journal has the published rows.';

-- A value that the query of a stream table cannot compute: said with the table and the snapshot, so that it is not taken for an
-- error of an assertion or of pg_trickle. Its SQLSTATE stays.
create function pgtrickle_internal.refuse_query_failure(
  p_step text, p_id bigint, p_snapshot bigint, p_sqlstate text, p_message text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%: the query of stream table % cannot be computed at snapshot %: %', p_step,
      pgtrickle_internal.qualified_name(p_id), p_snapshot, p_message
    using errcode = p_sqlstate,
      hint = 'Nothing was published. Delete or mend the row in the lake (in a StreamTableRewind: spec.repair), or choose a snapshot without it.';
end
$$;
comment on function pgtrickle_internal.refuse_query_failure(text, bigint, bigint, text, text) is
  'Raises what the query of a stream table failed with at a snapshot, saying where.';
