create function pgtrickle_rewind.blocked_by(p_uid text, p_ids bigint[]) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'table', (pgtrickle_rewind.table_names(array[l.table_id]))[1],
             'uid', o.uid, 'namespace', o.namespace, 'name', o.name, 'cluster', o.cluster) order by l.table_id), '[]')
    from pgtrickle_rewind.locks l
    join pgtrickle_rewind.operations o using (uid)
    where l.table_id = any (p_ids) and l.uid <> p_uid);
end;
$$;
comment on function pgtrickle_rewind.blocked_by(text, bigint[]) is 'Locks on these stream tables that belong to other operations.';
