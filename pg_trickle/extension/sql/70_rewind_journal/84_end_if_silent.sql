-- An operator that comes back in this moment either has the row, then its operation is left alone, or it waits for the row
-- and finds another token. Its mark is looked for with the row in hand: whoever sets it later waits, too.

create function pgtrickle_rewind.end_if_silent(p_uid text) returns pgtrickle_rewind.operations
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_operation pgtrickle_rewind.operations;
begin
  select o.* into v_operation
  from pgtrickle_rewind.operations o
  where o.uid = p_uid and o.outcome is null
    and o.seen_at < clock_timestamp() - pgtrickle_rewind.silence_limit()
  for update skip locked;
  if not found or pgtrickle_rewind.is_worked_for(p_uid) or not pgtrickle_rewind.may_resume(v_operation) then
    return null;
  end if;
  perform from pgtrickle_rewind.locks l where l.uid = p_uid order by l.table_id for update;
  update pgtrickle_rewind.operations o set token = gen_random_uuid() where o.uid = p_uid;
  perform pgtrickle_rewind.finish_operation(p_uid, 'Orphaned', 'taken over by resume_scheduler');
  return v_operation;
end;
$$;
comment on function pgtrickle_rewind.end_if_silent(text) is
  'Ends and fences an operation whose operator has been silent for too long, if the caller may manage all its tables; gives what it was, or null.';
