create function pgtrickle_internal.check_may_read(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pgtrickle_internal.may_read(p_id) then
    raise exception 'permission denied for stream table %', pgtrickle_internal.qualified_name(p_id)
      using errcode = '42501', hint = format('grant select on %s to …;', pgtrickle_internal.qualified_name(p_id));
  end if;
  if (select s.contents_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id) is null then
    raise exception 'stream table % was never populated', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR018', hint = format('select pgtrickle.reinitialize(%L);', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_internal.check_may_read(bigint) is '42501 unless the caller may SELECT the stream table.';
