-- A plan by the journal reads nothing of the lake, but whether the lake still says what was published is to be known before anything
-- runs. A lake that cannot be asked makes no plan fail: then it is said that it was not asked.
create function pgtrickle_internal.plan_evidence(
  p_id bigint, p_target bigint, p_evidence pgtrickle_internal.evidence, p_boundary bigint, p_lake jsonb) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  nothing constant jsonb := '{"contradiction": null}';
  compared record;
begin
  if p_evidence.is_past is not true or p_evidence.other_environment is not null then
    return nothing;
  end if;
  if p_boundary is null then
    return jsonb_build_object('contradiction', pgtrickle_internal.contradiction(
      p_evidence, (p_lake ->> 'row_count')::bigint, p_lake ->> 'fingerprint',
      p_sample => case when pgtrickle_internal.contradicts(p_evidence, p_lake ->> 'fingerprint') then
        pgtrickle_internal.journaled_sample(p_id, p_target) end));
  end if;
  if not pgtrickle_internal.snapshot_exists(p_target)
      or exists (select from pgtrickle_internal.lake_health h where not h.is_healthy) then
    return nothing || '{"lake_error": {"code": "TR014", "message": "the lake no longer has the snapshot, or does not answer"}}';
  end if;
  compared := pgtrickle_internal.compare_published_with_target(p_id, p_target, p_boundary);
  return jsonb_build_object('contradiction', pgtrickle_internal.contradiction(
    p_evidence, compared.expected_row_count, compared.expected_fingerprint,
    p_sample => pgtrickle_internal.contradiction_sample(compared.unexpected, compared.missing)));
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection or data_exception or io_error
    -- files that are lost, or cannot be read
    or sqlstate 'LT008' or sqlstate 'LT010' or sqlstate 'LT012' then
    return nothing || jsonb_build_object('lake_error', jsonb_build_object('code', sqlstate, 'message', sqlerrm));
end
$$;
comment on function pgtrickle_internal.plan_evidence(bigint, bigint, pgtrickle_internal.evidence, bigint, jsonb) is
  'Whether the lake contradicts what was published at a snapshot; p_boundary: the refresh that a plan by journal undoes to; p_lake: what the lake gives there, as any other plan has asked.';

-- A plan that reads the lake says which rows were published, too, where the journal has them.
create function pgtrickle_internal.journaled_sample(p_id bigint, p_target bigint) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  boundary bigint := pgtrickle_internal.journal_boundary(p_id, pgtrickle_internal.boundary_snapshot(p_id, p_target));
  compared record;
begin
  if boundary is null then
    return null;
  end if;
  compared := pgtrickle_internal.compare_published_with_target(p_id, p_target, boundary);
  return pgtrickle_internal.contradiction_sample(compared.unexpected, compared.missing);
end
$$;
comment on function pgtrickle_internal.journaled_sample(bigint, bigint) is
  'Rows that were published at a snapshot, by the undo journal, against those that the lake gives there; NULL where the journal does not reach.';
