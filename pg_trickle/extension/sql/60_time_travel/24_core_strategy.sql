-- People say Full for what the core calls Recompute.
create function pgtrickle_internal.core_strategy(p_strategy text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case lower(p_strategy)
    when 'auto' then 'Auto' when 'full' then 'Recompute' when 'recompute' then 'Recompute' when 'journal' then 'Journal' end;
end
$$;
comment on function pgtrickle_internal.core_strategy(text) is 'The core''s name of a rewind strategy, or NULL.';
