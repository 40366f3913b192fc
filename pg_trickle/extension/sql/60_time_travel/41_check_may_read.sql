create function pgtrickle_reading.check_may_read(p_id bigint, p_caller pgtrickle_reading.caller) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_caller.proof is distinct from (
      select pgtrickle_reading.proof(s.value, p_caller.role) from pgtrickle_reading.secret s) then
    raise exception 'the functions of pgtrickle_reading are not to be called directly'
      using errcode = '42501', hint = 'Call the functions of schema pgtrickle.';
  end if;
  if has_table_privilege(p_caller.role,
      (select s.relid from pgtrickle_internal.stream_tables s where s.id = p_id), 'select') is not true then
    raise exception 'permission denied for stream table %', pgtrickle_internal.qualified_name(p_id)
      using errcode = '42501', hint = format('grant select on %s to …;', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_reading.check_may_read(bigint, pgtrickle_reading.caller) is
  '42501 unless the caller, proven, may SELECT the stream table.';
