create function pgtrickle_internal.recompute_cost(p_id bigint, p_snapshot bigint) returns numeric
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  size record := pgtrickle_internal.source_size(p_id, p_snapshot);
  result_rows numeric := (
    select greatest(c.reltuples, 0)::numeric
    from pgtrickle_internal.stream_tables s join pg_class c on c.oid = s.relid where s.id = p_id);
begin
  return round(pgtrickle_internal.setting('recompute_base_ms')
    + size.rows / 1000000 * pgtrickle_internal.setting('recompute_million_rows_ms')
    + size.files * pgtrickle_internal.setting('recompute_file_ms')
    + result_rows / 1000 * pgtrickle_internal.setting('recompute_thousand_groups_ms'), 1);
end
$$;
comment on function pgtrickle_internal.recompute_cost(bigint, bigint) is 'Estimated milliseconds of a recomputation at a snapshot.';
