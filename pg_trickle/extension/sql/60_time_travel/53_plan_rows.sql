-- The rows that would change. Without the engine and without a journal boundary the plan says so; it is still a plan.
create function pgtrickle_internal.plan_rows(p_id bigint, p_target bigint, p_boundary bigint) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  compared record;
begin
  if p_boundary is not null then
    compared := pgtrickle_internal.compare_with_undone(p_id, p_boundary);
  else
    perform pgtrickle_internal.hold_snapshot(p_target);
    perform pgtrickle_internal.check_sources(p_id, p_target);
    compared := pgtrickle_internal.compare_with_target(p_id, p_target);
  end if;
  return jsonb_build_object(
    'rows_changed', compared.missing_count + compared.unexpected_count,
    'rows_removed', compared.unexpected_count, 'rows_added', compared.missing_count,
    'row_count', compared.expected_row_count, 'fingerprint', compared.expected_fingerprint,
    'sample', (
      select coalesce(jsonb_agg(jsonb_build_object('change', s.change, 'row', s.item) order by s.item::text collate "C", s.change), '[]')
      from (
        select c.* from (
          select '-' as change, u as item from jsonb_array_elements(compared.unexpected) u
          union all
          select '+', m from jsonb_array_elements(compared.missing) m) c
        order by c.item::text collate "C", c.change limit 20) s));
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    return jsonb_build_object('rows_changed', null, 'sample', '[]'::jsonb,
      'rows_error', jsonb_build_object('code', 'TR014', 'message', sqlerrm));
end
$$;
comment on function pgtrickle_internal.plan_rows(bigint, bigint, bigint) is
  'How many rows a rewind of a stream table would change, with a sample of twenty.';
