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
