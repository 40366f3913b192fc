-- failurePolicy Hold: the tables stay held, good but stale, and the next rewind can take them over at once.

create function pgtrickle_rewind.abandon(p_uid text, p_token uuid, p_reason text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_after jsonb;
begin
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
  v_after := pgtrickle_rewind.table_states(pgtrickle_rewind.locked_ids(p_uid));
  perform pgtrickle_rewind.finish_operation(p_uid, 'Failed', p_reason);
  return v_after;
end;
$$;
comment on function pgtrickle_rewind.abandon(text, uuid, text) is
  'Ends the operation as failed and keeps its hold; gives the state of the tables.';
