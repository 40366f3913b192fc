create function pgtrickle_internal.authorise(p_id bigint, p_action text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pgtrickle_internal.may_manage(p_id) then
    raise exception 'permission denied to % stream table %', p_action, pgtrickle_internal.qualified_name(p_id)
      using errcode = '42501', hint = 'Its creator and members of pgtrickle_admin may.';
  end if;
end
$$;
comment on function pgtrickle_internal.authorise(bigint, text) is '42501 unless the caller may manage this stream table.';
