create function pgtrickle_internal.holders(p_id bigint) returns text[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(h.holder order by h.held_at, h.holder), '{}')
    from pgtrickle_internal.holds h where h.stream_table_id = p_id);
end
$$;
comment on function pgtrickle_internal.holders(bigint) is 'Who holds a stream table, the oldest hold first.';
