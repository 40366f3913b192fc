create function pgtrickle_rewind.drop_holds(p_ids bigint[], p_holder text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    perform pgtrickle_internal.drop_hold(v_id, p_holder);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.drop_holds(bigint[], text) is 'Drops one hold from several stream tables.';
