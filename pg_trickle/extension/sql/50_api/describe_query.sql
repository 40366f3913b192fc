create function pgtrickle_internal.describe_query(p_definition text, p_sources jsonb, p_settings jsonb, p_mode text)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  plan text := pgtrickle_internal.plan_document(p_definition, (
    select jsonb_object_agg(s.item ->> 'relation', format('%I.%I', s.item ->> 'lake_schema', s.item ->> 'lake_table'))
    from jsonb_array_elements(p_sources) s (item)), p_settings, 'rows');
  result jsonb;
begin
  begin
    execute 'select description::jsonb from pgtrickle_lake.describe where plan = (select $1)' into result using plan;
  exception when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013' then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Start it and try again; nothing was created.';
  end;
  if result is null then
    raise exception 'the lake engine gave no description of the query' using errcode = 'TR014';
  end if;
  if not (result ->> 'ok')::boolean then
    raise exception 'the query is refused: %', result ->> 'message'
      using errcode = 'TR009', detail = coalesce(result ->> 'code', 'REFUSED'), hint = coalesce(result ->> 'hint', 'Change the query.');
  end if;
  if p_mode = 'DIFFERENTIAL' and not (result #>> '{incremental,ok}')::boolean then
    raise exception 'the query cannot be maintained incrementally: %', result #>> '{incremental,message}'
      using errcode = 'TR009', detail = coalesce(result #>> '{incremental,code}', 'NOT_INCREMENTAL'),
        hint = concat_ws(' ', result #>> '{incremental,hint}', 'Mode FULL recomputes it at each refresh.');
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.describe_query(text, jsonb, jsonb, text) is
  'What the engine says of a query; TR009 with its reason if it is refused, or not incremental in mode DIFFERENTIAL.';
