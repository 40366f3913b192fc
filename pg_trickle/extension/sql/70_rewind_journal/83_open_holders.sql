-- The name of a hold tells neither the cluster nor which of several rewinds of that name: it has to be about this table.

create function pgtrickle_rewind.open_holders(p_id bigint) returns setof pgtrickle_rewind.operations
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return query
    select o.*
    from pgtrickle_internal.holds h
    join pgtrickle_rewind.operations o on pgtrickle_rewind.holder(o) = h.holder and h.stream_table_id = any (o.table_ids)
    where h.stream_table_id = p_id and o.outcome is null
    order by o.started_at;
end;
$$;
comment on function pgtrickle_rewind.open_holders(bigint) is
  'Operations that go on and hold this stream table.';
