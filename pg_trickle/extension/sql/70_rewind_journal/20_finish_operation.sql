create function pgtrickle_rewind.finish_operation(p_uid text, p_outcome text, p_reason text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  update pgtrickle_rewind.steps s
  set outcome = 'Failed', finished_at = clock_timestamp(),
      error = jsonb_build_object('code', 'TR015', 'message', format('the operation ended as %s', p_outcome))
  where s.uid = p_uid and s.outcome = 'Running';
  delete from pgtrickle_rewind.locks l where l.uid = p_uid;
  update pgtrickle_rewind.operations o
  set outcome = p_outcome, reason = p_reason, finished_at = clock_timestamp(),
      last_refresh_id = (select max(r.id) from pgtrickle_internal.refreshes r where r.stream_table_id = any (o.table_ids))
  where o.uid = p_uid;
end;
$$;
comment on function pgtrickle_rewind.finish_operation(text, text, text) is 'Frees the locks of an operation and records how it ended.';
