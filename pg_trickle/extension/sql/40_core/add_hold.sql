create function pgtrickle_internal.add_hold(p_id bigint, p_holder text, p_reason text default null) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.lock_gate(p_id);
  insert into pgtrickle_internal.holds (stream_table_id, holder, held_by, reason)
    values (p_id, p_holder, pgtrickle_internal.caller(), p_reason)
    on conflict do nothing;
  if not found then
    return false;
  end if;
  update pgtrickle_internal.stream_tables s set generation = s.generation + 1 where s.id = p_id;
  return true;
end
$$;
comment on function pgtrickle_internal.add_hold(bigint, text, text) is
  'Pauses a stream table for a holder; a refresh under way will not publish. False if it was held by that holder already.';
