create function pgtrickle_internal.stage_rewind(p_ids bigint[], p_snapshot bigint, p_strategy text, p_action text default 'Rewind',
  p_is_proof_wanted boolean default false, p_is_accepted boolean default false)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  id bigint;
begin
  perform pgtrickle_internal.check_acceptance(p_strategy, p_is_accepted);
  perform pgtrickle_internal.check_adopted();
  foreach id in array p_ids loop
    perform pgtrickle_internal.authorise(id, 'rewind');
    perform pgtrickle_internal.stage_rewind_of(id, p_snapshot, p_strategy, p_action, p_is_proof_wanted, p_is_accepted);
  end loop;
exception
  when data_exception or cardinality_violation then
    perform pgtrickle_internal.refuse_query_failure(lower(p_action), id, p_snapshot, sqlstate, sqlerrm);
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Nothing was changed. Strategy Journal reaches the snapshots of earlier refreshes without the engine.';
end
$$;
comment on function pgtrickle_internal.stage_rewind(bigint[], bigint, text, text, boolean, boolean) is
  'Puts stream tables at one snapshot, verified, without publishing.';
