-- The same facts as pgtrickle_internal.lake_head() and lake_oldest(), but null where there is no lake yet: the operator
-- is to see that as a fact.

create function pgtrickle_rewind.lake_head() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return pgtrickle_internal.lake_head();
exception
  when sqlstate 'TR014' then
    return null;
end;
$$;
comment on function pgtrickle_rewind.lake_head() is 'Newest snapshot of the lake, or null without a lake.';
