-- What an operation has locked and holds stays visible to it by the name that it was asked by, also when another stream
-- table gets that name in another schema meanwhile: it has to be put back.

create function pgtrickle_rewind.resolve_for(p_uid text, p_name text) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids bigint[];
begin
  return pgtrickle_internal.resolve(p_name);
exception
  when sqlstate 'TR002' then
    select array_agg(s.id) into v_ids
    from pgtrickle_rewind.operations o
    join pgtrickle_internal.stream_tables s on s.id = any (o.table_ids)
    where o.uid = p_uid and s.table_name = (parse_ident(p_name))[1]; -- ambiguous, so there is no schema in it
    if cardinality(v_ids) = 1 then
      return v_ids[1];
    end if;
    raise;
end;
$$;
comment on function pgtrickle_rewind.resolve_for(text, text) is
  'Id of the stream table with this name; of several the one that the operation was claimed for.';
