create function pgtrickle_internal.check_not_superseded(p_id bigint, p_generation bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if pgtrickle_internal.generation(p_id) is distinct from p_generation then
    raise exception 'stream table % was paused, edited or refreshed by somebody else in the meantime',
        coalesce(pgtrickle_internal.qualified_name(p_id), p_id::text)
      using errcode = 'TR012', hint = 'Nothing was changed by this refresh. Look at its status and try again.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_not_superseded(bigint, bigint) is
  'TR012 if the generation of a stream table is no longer the one read at the start.';
