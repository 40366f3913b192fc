create function pgtrickle_internal.check_held(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(pgtrickle_internal.holders(p_id)) = 0 then
    raise exception 'stream table % is not paused', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR007',
        hint = format('select pgtrickle.pause_scheduler(array[%L]);', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_internal.check_held(bigint) is 'TR007 unless a stream table is paused.';
