create function pgtrickle_internal.shown_strategy(p_strategy text) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select case p_strategy when 'Recompute' then 'Full' else p_strategy end $$;
comment on function pgtrickle_internal.shown_strategy(text) is 'The name under which people choose a way.';
