-- Which stream tables an operation works on, in the order of their ids: the order of all locks.

create function pgtrickle_rewind.locked_ids(p_uid text) returns bigint[]
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(l.table_id order by l.table_id), '{}')
          from pgtrickle_rewind.locks l where l.uid = p_uid);
end;
$$;
comment on function pgtrickle_rewind.locked_ids(text) is 'Ids of the stream tables that the operation has locked.';
