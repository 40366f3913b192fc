create function pgtrickle_internal.check_populated(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select s.contents_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id) is null then
    raise exception 'stream table % was never populated', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR018', hint = format('select pgtrickle.reinitialize(%L);', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_internal.check_populated(bigint) is 'TR018 if a stream table has no contents yet.';
