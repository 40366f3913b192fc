-- A rewind that failed and keeps its hold has ended: no operator will ever come back to it, so a person may resume. A later
-- one of the same name, or another cluster's, may work on other tables meanwhile.

create function pgtrickle_rewind.drop_ended_holds(p_id bigint) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_holder text;
begin
  for v_holder in
    select h.holder
    from pgtrickle_internal.holds h
    join pgtrickle_rewind.operations o on pgtrickle_rewind.holder(o) = h.holder and h.stream_table_id = any (o.table_ids)
    where h.stream_table_id = p_id
    group by h.holder
    having bool_and(o.outcome is not null)
    order by h.holder
  loop
    perform pgtrickle_internal.drop_hold(p_id, v_holder);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.drop_ended_holds(bigint) is
  'Drops the holds that failed rewinds have left on a stream table.';
