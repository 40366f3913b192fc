-- Rows that have just come from the lake and are, hash for hash, those that an earlier refresh published there were computed
-- twice, at different times and mostly in different ways. Where nothing was published, or something else (which then was
-- wrong, or is), the lake is asked once more.
create function pgtrickle_internal.checked_recompute(p_id bigint, p_snapshot bigint, p_earlier bigint)
returns pgtrickle.verification
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  verified pgtrickle.verification;
begin
  if exists (select from pgtrickle_internal.fingerprints f where f.refresh_id = p_earlier) then
    verified := pgtrickle_internal.verify_contents(p_id, p_snapshot, 'fingerprint', p_earlier);
    if verified.ok then
      return verified;
    end if;
  end if;
  return pgtrickle_internal.checked_rows(p_id, p_snapshot, 'engine', null);
end
$$;
comment on function pgtrickle_internal.checked_recompute(bigint, bigint, bigint) is
  'The check of a rewind that read the lake: by the fingerprint of an earlier refresh there, else by recomputing again.';
