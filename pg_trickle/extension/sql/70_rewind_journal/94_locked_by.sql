create function pgtrickle_rewind.locked_by(p_id bigint) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select jsonb_build_object('uid', o.uid, 'namespace', o.namespace, 'name', o.name, 'cluster', o.cluster)
    from pgtrickle_rewind.locks l join pgtrickle_rewind.operations o using (uid)
    where l.table_id = p_id);
end;
$$;
comment on function pgtrickle_rewind.locked_by(bigint) is 'The operation that has locked a stream table, or null.';
