create function pgtrickle_rewind.end_silent_operations(p_ids bigint[]) returns setof pgtrickle_internal.holds
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_uid text;
  v_ended pgtrickle_rewind.operations;
begin
  perform pgtrickle_rewind.refuse_inside_repair();
  for v_uid in
    select distinct o.uid from unnest(p_ids) as i(id), pgtrickle_rewind.open_holders(i.id) o order by o.uid
  loop
    v_ended := pgtrickle_rewind.end_if_silent(v_uid);
    continue when v_ended.uid is null;
    raise notice 'the rewind %/% is taken over: its operator was not heard of for %',
        v_ended.namespace, v_ended.name, pgtrickle_rewind.spoken_age(v_ended.seen_at)
      using detail = format('Operation %s has ended as Orphaned and can change nothing any more. It no longer holds %s.',
        v_uid, array_to_string(v_ended.table_names, ', '));
    return query
      select h.* from pgtrickle_internal.holds h
      where h.stream_table_id = any (v_ended.table_ids) and h.holder = pgtrickle_rewind.holder(v_ended);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.end_silent_operations(bigint[]) is
  'Ends the operations that hold one of these stream tables and whose operators are silent; gives all their holds, to be dropped.';
