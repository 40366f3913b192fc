-- The levels of verification: engine, rows, fingerprint.

-- Result rows of public functions whose arguments have the same names as some of their columns.

create type pgtrickle.verification as (
  ok boolean,
  snapshot_id bigint,
  level text,
  row_count bigint,
  expected_row_count bigint,
  fingerprint text,
  expected_fingerprint text,
  missing jsonb,
  unexpected jsonb,
  missing_count bigint,
  unexpected_count bigint
);
comment on type pgtrickle.verification is 'Result of pgtrickle.verify(): the stream table against its query.';
comment on column pgtrickle.verification.ok is 'Whether the stream table is its query.';
comment on column pgtrickle.verification.snapshot_id is 'At which snapshot.';
comment on column pgtrickle.verification.level is 'engine, rows or fingerprint.';
comment on column pgtrickle.verification.row_count is 'Rows that it has.';
comment on column pgtrickle.verification.expected_row_count is 'Rows that it should have.';
comment on column pgtrickle.verification.fingerprint is 'Of the rows that it has; equal rows have equal fingerprints, in any order.';
comment on column pgtrickle.verification.expected_fingerprint is 'Of the rows that it should have.';
comment on column pgtrickle.verification.missing is 'Up to 20 rows that it should have and has not.';
comment on column pgtrickle.verification.unexpected is 'Up to 20 rows that it has and should not have.';
comment on column pgtrickle.verification.missing_count is 'How many are missing; NULL with level fingerprint, which knows no rows.';
comment on column pgtrickle.verification.unexpected_count is 'How many are unexpected; NULL with level fingerprint.';

create function pgtrickle_internal.verify_contents(p_id bigint, p_snapshot bigint, p_level text, p_refresh bigint)
returns pgtrickle.verification
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  result pgtrickle.verification;
  compared record;
begin
  perform pgtrickle_internal.lock_contents(p_id);
  case p_level
    when 'engine' then
      perform pgtrickle_internal.hold_snapshot(p_snapshot);
      compared := pgtrickle_internal.compare_with_target(p_id, p_snapshot);
    when 'rows' then
      perform pgtrickle_internal.hold_snapshot(p_snapshot);
      compared := pgtrickle_internal.compare_with_source_rows(p_id, p_snapshot);
    when 'fingerprint' then
      compared := pgtrickle_internal.compare_with_fingerprint(p_id, p_refresh);
    else
      raise exception 'there is no verification level %', coalesce(quote_literal(p_level), 'NULL')
        using errcode = 'TR021',
          hint = 'engine: the lake engine recomputes. rows: PostgreSQL itself recomputes from the source''s rows. fingerprint: the rows against what was recorded when they were published.';
  end case;
  result.snapshot_id := p_snapshot;
  result.level := p_level;
  result.row_count := compared.row_count;
  result.expected_row_count := compared.expected_row_count;
  result.fingerprint := compared.fingerprint;
  result.expected_fingerprint := compared.expected_fingerprint;
  result.missing := compared.missing;
  result.unexpected := compared.unexpected;
  result.missing_count := compared.missing_count;
  result.unexpected_count := compared.unexpected_count;
  result.ok := compared.fingerprint = compared.expected_fingerprint
    and coalesce(compared.missing_count, 0) = 0 and coalesce(compared.unexpected_count, 0) = 0;
  return result;
end
$$;
comment on function pgtrickle_internal.verify_contents(bigint, bigint, text, bigint) is
  'The rows of a stream table as this transaction sees them, against a snapshot.';

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
