-- Only the operator of its cluster, or a person, can know that the object of an operation is gone, e.g. deleted together
-- with its Secret. What a person has to say then is said here.

create function pgtrickle_rewind.orphan_statements(p_id bigint) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select string_agg(format('select pgtrickle_rewind.orphan(%L, %L);', o.uid, o.cluster), ' ' order by o.started_at)
    from pgtrickle_rewind.operations o
    join pgtrickle_internal.holds h on h.holder = pgtrickle_rewind.holder(o)
    where h.stream_table_id = p_id and o.outcome is null);
end;
$$;
comment on function pgtrickle_rewind.orphan_statements(bigint) is
  'The statements that free a stream table of rewinds whose objects are gone, or null.';
