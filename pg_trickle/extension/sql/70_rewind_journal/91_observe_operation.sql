create function pgtrickle_rewind.observe_operation(p_uid text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select jsonb_build_object(
      'uid', o.uid, 'cluster', o.cluster, 'namespace', o.namespace, 'name', o.name,
      'operation_key', o.operation_key, 'tables', to_jsonb(o.table_names), 'token_set', true,
      'claims', o.claim_count, 'claimed_at', o.claimed_at, 'started_at', o.started_at,
      'locked', exists (select from pgtrickle_rewind.locks l where l.uid = o.uid),
      'idle_seconds', case when pgtrickle_rewind.is_worked_for(o.uid) then 0
                           else round(greatest(0, extract(epoch from clock_timestamp() - o.seen_at)), 3) end,
      'outcome', o.outcome, 'reason', o.reason, 'finished_at', o.finished_at)
    from pgtrickle_rewind.operations o
    where o.uid = p_uid);
end;
$$;
comment on function pgtrickle_rewind.observe_operation(text) is 'The operation as JSON, or null. Never its token.';
