create function pgtrickle_rewind.table_state(p_id bigint) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select jsonb_build_object(
      'name', pgtrickle_internal.qualified_name(t.id),
      'frontier', t.frontier_snapshot,
      'contents_snapshot', t.contents_snapshot,
      'generation', t.generation,
      'status', pgtrickle_internal.status(t.id),
      'holders', (select coalesce(jsonb_agg(h.holder order by h.held_at, h.holder), '[]')
                  from pgtrickle_internal.holds h where h.stream_table_id = t.id))
    from pgtrickle_internal.stream_tables t
    where t.id = p_id);
end;
$$;
comment on function pgtrickle_rewind.table_state(bigint) is 'Frontier, contents, status and holders of a stream table.';
