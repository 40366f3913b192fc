create function pgtrickle_rewind.observe_target(p_snapshot bigint, p_timestamp timestamptz, p_ids bigint[]) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_snapshot bigint;
  v_code text;
  v_message text;
  v_hint text;
begin
  v_snapshot := pgtrickle_rewind.resolve_target(p_snapshot, p_timestamp, p_ids);
  return jsonb_build_object('snapshot_id', v_snapshot, 'error', null);
exception
  when sqlstate 'TR004' or sqlstate 'TR005' or sqlstate 'TR014' or sqlstate 'TR021' or sqlstate 'TR023' then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_hint = pg_exception_hint;
    return jsonb_build_object('snapshot_id', p_snapshot,
      'error', jsonb_build_object('code', v_code, 'message', v_message, 'hint', v_hint));
end;
$$;
comment on function pgtrickle_rewind.observe_target(bigint, timestamptz, bigint[]) is 'The target snapshot, or why it cannot be reached.';
