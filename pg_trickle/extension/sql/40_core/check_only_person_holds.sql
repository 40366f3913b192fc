create function pgtrickle_internal.check_only_person_holds(p_id bigint, p_action text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  others text := (select string_agg(h.holder, ', ' order by h.holder)
    from pgtrickle_internal.holds h where h.stream_table_id = p_id and h.holder <> 'person');
begin
  if others is not null then
    raise exception 'cannot %: stream table % is held by %', p_action, pgtrickle_internal.qualified_name(p_id), others
      using errcode = 'TR008', hint = 'Wait until the holder releases it.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_only_person_holds(bigint, text) is 'TR008 if somebody else than a person holds a stream table.';
