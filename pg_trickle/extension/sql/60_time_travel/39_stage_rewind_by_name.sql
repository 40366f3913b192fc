create function pgtrickle_internal.stage_rewind_by_name(p_names text[], p_snapshot bigint, p_strategy text, p_is_accepted boolean)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  ids bigint[] := pgtrickle_internal.resolve_all(p_names);
begin
  perform pgtrickle_internal.check_no_operation(ids);
  perform pgtrickle_internal.stage_rewind(ids, p_snapshot, p_strategy, p_is_accepted => coalesce(p_is_accepted, false));
end
$$;
comment on function pgtrickle_internal.stage_rewind_by_name(text[], bigint, text, boolean) is
  'First part of pgtrickle.rewind().';
