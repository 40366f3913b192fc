create function pgtrickle_internal.may_read(p_id bigint) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((select has_table_privilege(pgtrickle_internal.caller(), s.relid, 'select')
    from pgtrickle_internal.stream_tables s where s.id = p_id), false);
end
$$;
comment on function pgtrickle_internal.may_read(bigint) is 'Whether the caller may SELECT this stream table.';
