-- A deleted one-shot object comes back with every GitOps sync. What it asks for is already done if the last operation of
-- the same name and content succeeded and nothing has moved one of its tables back since: neither another rewind (one
-- that failed and still holds the table counts as well) nor a person. A table by another id is another table.

create function pgtrickle_rewind.already_done(
  p_uid text, p_tables jsonb, p_cluster text, p_namespace text, p_name text, p_operation_key text
) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_done pgtrickle_rewind.operations;
  v_target jsonb;
  v_names text[];
begin
  if exists (select from pgtrickle_rewind.operations o where o.uid = p_uid) then
    return null;
  end if;
  select o.* into v_done
  from pgtrickle_rewind.operations o
  where (o.cluster, o.namespace, o.name, o.operation_key) = (p_cluster, p_namespace, p_name, p_operation_key)
    and o.outcome = 'Succeeded'
  order by o.finished_at desc
  limit 1;
  select s.before -> 'target' into v_target
  from pgtrickle_rewind.steps s
  where s.uid = v_done.uid and s.step = 'Rewind' and s.outcome = 'Done'
  order by s.attempt desc
  limit 1;
  select array_agg(distinct n order by n) into v_names from unnest(pgtrickle_rewind.table_names(v_done.table_ids)) n;
  if v_target is null
      or array_position(v_names, null) is not null -- dropped
      or v_names is distinct from
         (select array_agg(distinct t ->> 'name' order by t ->> 'name') from jsonb_array_elements(p_tables) t)
      or exists (select from pgtrickle_internal.refreshes r
                 where r.stream_table_id = any (v_done.table_ids) and r.is_backward
                   and r.id > coalesce(v_done.last_refresh_id, 0)) then
    return null;
  end if;
  return jsonb_build_object('uid', v_done.uid, 'finished_at', v_done.finished_at, 'target', v_target);
end;
$$;
comment on function pgtrickle_rewind.already_done(text, jsonb, text, text, text, text) is
  'The operation that has already done what this one is asked for, with nothing moved back since, or null.';
