-- Unlike an orphan's hold, this one is meant: no rewind takes it over, resume_scheduler() alone lets go.

create function pgtrickle_rewind.leave_paused(p_ids bigint[], p_holder text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    -- a person's own pause stays as it is; what an orphan left there is meant from now on
    if not pgtrickle_internal.add_hold(v_id, 'person', 'left paused by ' || p_holder) then
      update pgtrickle_internal.holds h set reason = 'left paused by ' || p_holder
      where h.stream_table_id = v_id and h.holder = 'person' and starts_with(h.reason, 'orphan of rewind:');
    end if;
  end loop;
end;
$$;
comment on function pgtrickle_rewind.leave_paused(bigint[], text) is
  'Leaves stream tables paused by a person''s hold when the rewind that holds them ends.';
