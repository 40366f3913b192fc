-- An unknown or ambiguous name is an answer here, not an error: the other tables are to be seen too.

create function pgtrickle_rewind.observe_table(p_uid text, p_name text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
  v_code text;
  v_message text;
  v_hint text;
begin
  v_id := pgtrickle_rewind.resolve_for(p_uid, p_name);
  return jsonb_build_object('requested', p_name, 'error', null)
      || pgtrickle_rewind.table_state(v_id)
      || jsonb_build_object('locked_by', pgtrickle_rewind.locked_by(v_id), 'healed', pgtrickle_internal.last_healed(v_id));
exception
  when sqlstate 'TR001' or sqlstate 'TR002' or sqlstate 'TR021' then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_hint = pg_exception_hint;
    return jsonb_build_object('requested', p_name,
      'error', jsonb_build_object('code', v_code, 'message', v_message, 'hint', v_hint));
end;
$$;
comment on function pgtrickle_rewind.observe_table(text, text) is 'State of one stream table by the name that the operation was asked by.';
