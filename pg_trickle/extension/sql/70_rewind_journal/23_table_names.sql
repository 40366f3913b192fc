create function pgtrickle_rewind.table_names(p_ids bigint[]) returns text[]
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(pgtrickle_internal.qualified_name(i.id) order by i.id), '{}')
          from unnest(p_ids) as i(id));
end;
$$;
comment on function pgtrickle_rewind.table_names(bigint[]) is 'Qualified names of stream tables, in the order of their ids.';
