create function pgtrickle_internal.drop_hold(p_id bigint, p_holder text) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.lock_gate(p_id);
  delete from pgtrickle_internal.holds where stream_table_id = p_id and holder = p_holder;
  if not found then
    return false;
  end if;
  -- Free again: due at once, so that it catches up.
  update pgtrickle_internal.stream_tables s set generation = s.generation + 1, next_due_at = clock_timestamp() where s.id = p_id;
  return true;
end
$$;
comment on function pgtrickle_internal.drop_hold(bigint, text) is 'Releases a holder''s pause; false if there was none.';
