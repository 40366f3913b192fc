create function pgtrickle_rewind.table_states(p_ids bigint[]) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return jsonb_build_object('tables',
    (select coalesce(jsonb_agg(pgtrickle_rewind.table_state(i.id) order by i.id), '[]') from unnest(p_ids) as i(id)));
end;
$$;
comment on function pgtrickle_rewind.table_states(bigint[]) is 'The states of several stream tables.';
