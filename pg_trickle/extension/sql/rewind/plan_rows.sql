-- The part of a plan that looks at rows: how many would change, and whether the lake still gives those that were published.

-- The rows that would change. Without the engine and without a restore point the plan says so; it is still a plan.
create function pgtrickle_internal.plan_rows(p_id bigint, p_target bigint, p_restore_point bigint) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  compared record;
begin
  if p_restore_point is not null then
    compared := pgtrickle_internal.compare_with_undone(p_id, p_restore_point);
  else
    perform pgtrickle_internal.hold_snapshot(p_target);
    perform pgtrickle_internal.check_sources(p_id, p_target);
    compared := pgtrickle_internal.compare_with_target(p_id, p_target);
  end if;
  return jsonb_build_object(
    'rows_changed', compared.missing_count + compared.unexpected_count,
    'rows_removed', compared.unexpected_count, 'rows_added', compared.missing_count,
    'row_count', compared.expected_row_count, 'fingerprint', compared.expected_fingerprint,
    'sample', (
      select coalesce(jsonb_agg(jsonb_build_object('change', s.change, 'row', s.item) order by s.item::text collate "C", s.change), '[]')
      from (
        select c.* from (
          select '-' as change, u as item from jsonb_array_elements(compared.unexpected) u
          union all
          select '+', m from jsonb_array_elements(compared.missing) m) c
        order by c.item::text collate "C", c.change limit 20) s));
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    return jsonb_build_object('rows_changed', null, 'sample', '[]'::jsonb,
      'rows_error', jsonb_build_object('code', 'TR014', 'message', sqlerrm));
end
$$;
comment on function pgtrickle_internal.plan_rows(bigint, bigint, bigint) is
  'How many rows a rewind of a stream table would change, with a sample of twenty.';

-- A plan by the journal reads nothing of the lake, but whether the lake still says what was published is to be known before anything
-- runs. A lake that cannot be asked makes no plan fail: then it is said that it was not asked.
create function pgtrickle_internal.plan_evidence(
  p_id bigint, p_target bigint, p_evidence pgtrickle_internal.evidence, p_restore_point bigint, p_lake jsonb) returns jsonb
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
  if p_restore_point is null then
    return jsonb_build_object('contradiction', pgtrickle_internal.contradiction(
      p_evidence, (p_lake ->> 'row_count')::bigint, p_lake ->> 'fingerprint',
      p_sample => case when pgtrickle_internal.contradicts(p_evidence, p_lake ->> 'fingerprint') then
        pgtrickle_internal.journaled_sample(p_id, p_target) end));
  end if;
  if not pgtrickle_internal.snapshot_exists(p_target)
      or exists (select from pgtrickle_internal.lake_health h where not h.is_healthy) then
    return nothing || '{"lake_error": {"code": "TR014", "message": "the lake no longer has the snapshot, or does not answer"}}';
  end if;
  compared := pgtrickle_internal.compare_published_with_target(p_id, p_target, p_restore_point);
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
  'Whether the lake contradicts what was published at a snapshot; p_restore_point: the refresh that a plan by journal undoes to; p_lake: what the lake gives there, as any other plan has asked.';

-- A plan that reads the lake says which rows were published, too, where the journal has them.
create function pgtrickle_internal.journaled_sample(p_id bigint, p_target bigint) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  restore_point bigint := pgtrickle_internal.restore_point(p_id, pgtrickle_internal.restore_point_snapshot_id(p_id, p_target));
  compared record;
begin
  if restore_point is null then
    return null;
  end if;
  compared := pgtrickle_internal.compare_published_with_target(p_id, p_target, restore_point);
  return pgtrickle_internal.contradiction_sample(compared.unexpected, compared.missing);
end
$$;
comment on function pgtrickle_internal.journaled_sample(bigint, bigint) is
  'Rows that were published at a snapshot, by the undo journal, against those that the lake gives there; NULL where the journal does not reach.';
