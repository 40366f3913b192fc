create function pgtrickle_rewind.lake_oldest() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return pgtrickle_internal.lake_oldest();
exception
  when sqlstate 'TR014' then
    return null;
end;
$$;
comment on function pgtrickle_rewind.lake_oldest() is 'Oldest snapshot of the lake that is left, or null without a lake.';
