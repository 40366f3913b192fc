create function pgtrickle_internal.checked_schedule(p_schedule text) returns interval
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  result interval;
begin
  begin
    result := p_schedule::interval;
  exception when others then
    result := interval '0';
  end;
  if result <= interval '0' then
    raise exception 'schedule % is not a time', quote_literal(p_schedule)
      using errcode = 'TR021', hint = 'Give an interval, such as ''5 seconds'' or ''1m''; NULL: refreshed only by hand.';
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.checked_schedule(text) is 'An interval above zero or NULL, else TR021.';
