create function pgtrickle_internal.refuse_wrong_rows(p_id bigint, p_snapshot bigint, p_verified pgtrickle.verification) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not p_verified.ok then
    raise exception 'stream table % would not equal its query at snapshot %: % rows, expected %',
        pgtrickle_internal.qualified_name(p_id), p_snapshot, p_verified.row_count, p_verified.expected_row_count
      using errcode = 'TR010',
        detail = format('level %s, fingerprint %s, expected %s, missing %s, unexpected %s', p_verified.level,
          p_verified.fingerprint, p_verified.expected_fingerprint,
          coalesce(p_verified.missing::text, 'unknown'), coalesce(p_verified.unexpected::text, 'unknown')),
        hint = 'Nothing was published. Strategy Full rebuilds the rows from the lake, whatever they are now.';
  end if;
end
$$;
comment on function pgtrickle_internal.refuse_wrong_rows(bigint, bigint, pgtrickle.verification) is
  'TR010 unless a verification found the rows right.';

create function pgtrickle_internal.checked_rows(p_id bigint, p_snapshot bigint, p_level text, p_refresh bigint)
returns pgtrickle.verification
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  verified pgtrickle.verification := pgtrickle_internal.verify_contents(p_id, p_snapshot, p_level, p_refresh);
begin
  perform pgtrickle_internal.refuse_wrong_rows(p_id, p_snapshot, verified);
  return verified;
end
$$;
comment on function pgtrickle_internal.checked_rows(bigint, bigint, text, bigint) is
  'verify_contents(), and TR010 unless the rows are right.';
