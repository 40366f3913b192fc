create function pgtrickle_internal.frontier_problem(p_wanted jsonb, p_frontier jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted_keys text[] := (select array_agg(k order by k) from jsonb_object_keys(p_wanted -> 'sources') k);
  source record;
begin
  if p_frontier is null or jsonb_typeof(p_frontier) <> 'object' or jsonb_typeof(p_frontier -> 'sources') is distinct from 'object' then
    return 'it must be an object with a member "sources"';
  elsif (select count(*) from jsonb_object_keys(p_frontier)) > 1 then
    return 'it has members besides "sources"';
  elsif wanted_keys is distinct from (select array_agg(k order by k) from jsonb_object_keys(p_frontier -> 'sources') k) then
    return format('"sources" must have exactly %s', array_to_string(wanted_keys, ', '));
  end if;
  for source in select s.key, s.value from jsonb_each(p_frontier -> 'sources') s loop
    if jsonb_typeof(source.value) <> 'object' or source.value - 'snapshot_id' <> '{}'
        or jsonb_typeof(source.value -> 'snapshot_id') is distinct from 'number'
        or source.value ->> 'snapshot_id' !~ '^\d{1,18}$' then
      return format('%s must be {"snapshot_id": <number>}', source.key);
    end if;
  end loop;
  return null;
end
$$;
comment on function pgtrickle_internal.frontier_problem(jsonb, jsonb) is 'NULL, or what is wrong with the shape of a frontier document.';
