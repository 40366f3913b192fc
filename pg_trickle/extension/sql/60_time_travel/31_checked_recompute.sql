-- Rows that have just come from the lake and are, hash for hash, those that an earlier refresh published there were computed
-- twice, at different times and mostly in different ways. Where nothing was published, or something else, the lake is asked once
-- more: only if it says the same again does its word stand against the evidence.
create function pgtrickle_internal.checked_recompute(
  p_id bigint, p_snapshot bigint, p_evidence pgtrickle_internal.evidence, p_boundary bigint,
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
    if p_boundary is not null then
      compared := pgtrickle_internal.compare_with_undone(p_id, p_boundary);
      sample := pgtrickle_internal.contradiction_sample(compared.missing, compared.unexpected);
    end if;
    contradiction := pgtrickle_internal.contradiction(p_evidence, verified.row_count, verified.fingerprint, 'lake',
      sample);
  end if;
end
$$;
comment on function pgtrickle_internal.checked_recompute(bigint, bigint, pgtrickle_internal.evidence, bigint) is
  'The check of a rewind that read the lake: by the fingerprint of an earlier refresh there, else by recomputing again; with the contradiction between the two. p_boundary: the refresh after which the journal has the published rows.';
