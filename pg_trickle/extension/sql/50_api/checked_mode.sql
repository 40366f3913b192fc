create function pgtrickle_internal.checked_mode(p_mode text) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(upper(p_mode), '') not in ('FULL', 'DIFFERENTIAL') then
    raise exception 'mode % is not known', coalesce(quote_literal(p_mode), 'NULL')
      using errcode = 'TR021', hint = 'Modes: DIFFERENTIAL (by changes where that is cheaper), FULL (always recomputed).';
  end if;
  return upper(p_mode);
end
$$;
comment on function pgtrickle_internal.checked_mode(text) is 'FULL or DIFFERENTIAL, else TR021.';
