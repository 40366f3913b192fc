create function pgtrickle_rewind.held_ids(p_holder text) returns bigint[]
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(h.stream_table_id order by h.stream_table_id), '{}')
          from pgtrickle_internal.holds h where h.holder = p_holder);
end;
$$;
comment on function pgtrickle_rewind.held_ids(text) is 'Ids of the stream tables that this holder holds.';
