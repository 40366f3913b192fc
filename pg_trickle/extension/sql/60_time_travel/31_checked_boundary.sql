-- After a rewind by journal (or to where the table is already) the rows must be, bit for bit, those that were published at the boundary: that needs no engine
-- and costs nothing in the size of the lake. Whoever wants proof (the operator) has the query recomputed too, if the
-- engine answers and the lake still has the snapshot.
create function pgtrickle_internal.checked_boundary(
  p_id bigint, p_snapshot bigint, p_boundary bigint, p_is_proof_wanted boolean) returns pgtrickle.verification
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_recorded boolean := exists (select from pgtrickle_internal.fingerprints f where f.refresh_id = p_boundary);
  verified pgtrickle.verification;
begin
  if is_recorded then
    verified := pgtrickle_internal.checked_rows(p_id, p_snapshot, 'fingerprint', p_boundary);
  end if;
  if is_recorded and not (p_is_proof_wanted and pgtrickle_internal.snapshot_exists(p_snapshot)
      -- a frozen engine would only cost time, and the commit after it
      and not exists (select from pgtrickle_internal.lake_health h where not h.is_healthy)) then
    return verified;
  end if;
  begin
    return pgtrickle_internal.checked_rows(p_id, p_snapshot, 'engine', null);
  exception
    when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception
      or fdw_unable_to_establish_connection then
      if not is_recorded then
        raise;
      end if;
      return verified;
  end;
end
$$;
comment on function pgtrickle_internal.checked_boundary(bigint, bigint, bigint, boolean) is
  'checked_rows() after a rewind by journal: by the recorded fingerprint, and by the engine if proof is wanted.';
