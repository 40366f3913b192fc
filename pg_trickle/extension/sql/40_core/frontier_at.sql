create function pgtrickle_internal.frontier_at(p_id bigint, p_snapshot bigint) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('sources',
      jsonb_object_agg(s.frontier_key, jsonb_build_object('snapshot_id', p_snapshot)))
    from pgtrickle_internal.sources s where s.stream_table_id = p_id);
end
$$;
comment on function pgtrickle_internal.frontier_at(bigint, bigint) is 'The frontier document of a stream table at a snapshot.';
