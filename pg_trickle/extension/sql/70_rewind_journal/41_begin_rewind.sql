create function pgtrickle_rewind.begin_rewind(p_uid text, p_token uuid, p_snapshot bigint, p_strategy text, p_is_accepted boolean)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids bigint[];
begin
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
  v_ids := pgtrickle_rewind.locked_ids(p_uid);
  perform pgtrickle_rewind.open_step(p_uid, p_token, 'Rewind',
    pgtrickle_rewind.table_states(v_ids) || jsonb_build_object('target', p_snapshot, 'strategy', p_strategy)
      || case when p_is_accepted then '{"accept_contradiction": true}' else '{}' end::jsonb);
  perform pgtrickle_internal.stage_rewind(v_ids, p_snapshot, p_strategy, p_is_proof_wanted => true,
    p_is_accepted => coalesce(p_is_accepted, false));
end;
$$;
comment on function pgtrickle_rewind.begin_rewind(text, uuid, bigint, text, boolean) is
  'First part of rewind(): puts the rows in place and verifies them. Cannot be committed without the last part.';
