create function pgtrickle_rewind.add_holds(p_ids bigint[], p_holder text, p_reason text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    perform pgtrickle_internal.add_hold(v_id, p_holder, p_reason);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.add_holds(bigint[], text, text) is 'Adds one hold to several stream tables.';
