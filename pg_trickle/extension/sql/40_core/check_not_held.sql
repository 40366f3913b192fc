create function pgtrickle_internal.check_not_held(p_id bigint, p_action text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  holders text[] := pgtrickle_internal.holders(p_id);
begin
  if cardinality(holders) > 0 then
    raise exception 'cannot %: stream table % is paused by %', p_action, pgtrickle_internal.qualified_name(p_id),
        array_to_string(holders, ', ')
      using errcode = 'TR008',
        hint = 'refresh(…, ''FULL'') rebuilds it at its frontier while it is paused; resume_scheduler(…) releases a person''s pause.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_not_held(bigint, text) is 'TR008, naming the holders, if a stream table is paused.';
