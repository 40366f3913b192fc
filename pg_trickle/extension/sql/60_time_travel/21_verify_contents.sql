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
