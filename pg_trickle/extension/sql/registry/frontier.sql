-- The frontier is the snapshot that the next refresh starts from; the contents are the snapshot that the rows are of.

create function pgtrickle_internal.frontier_at(p_id bigint, p_snapshot bigint) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('sources',
      jsonb_object_agg(s.frontier_key, jsonb_build_object('snapshot_id', p_snapshot)))
    from pgtrickle_internal.sources s where s.stream_table_id = p_id);
end
$$;
comment on function pgtrickle_internal.frontier_at(bigint, bigint) is 'The frontier document of a stream table at a snapshot.';

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

create function pgtrickle_internal.checked_frontier(p_id bigint, p_frontier jsonb) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  example bigint := coalesce((select s.frontier_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id), 42);
  wanted jsonb := pgtrickle_internal.frontier_at(p_id, example);
  full_statement text := format('update pgtrickle.pgt_stream_tables set frontier = %L where pgt_schema = %L and pgt_name = %L;',
    wanted, (select s.schema_name from pgtrickle_internal.stream_tables s where s.id = p_id),
    (select s.table_name from pgtrickle_internal.stream_tables s where s.id = p_id));
  snapshots bigint[];
  problem text;
begin
  if not exists (select from pgtrickle_internal.stream_tables s where s.id = p_id and s.is_populated) then
    raise exception 'stream table % was never populated and has no frontier yet', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR003', hint = 'Resume it and wait for its first refresh.';
  end if;
  problem := pgtrickle_internal.frontier_problem(wanted, p_frontier);
  if problem is not null then
    raise exception 'this is not a frontier of stream table %: %', pgtrickle_internal.qualified_name(p_id), problem
      using errcode = 'TR003', detail = coalesce(p_frontier::text, 'NULL'), hint = full_statement;
  end if;
  select array_agg(distinct (s.value ->> 'snapshot_id')::bigint) into snapshots from jsonb_each(p_frontier -> 'sources') s;
  if cardinality(snapshots) > 1 then
    raise exception 'a frontier names one snapshot for all its sources, not %', array_to_string(snapshots, ' and ')
      using errcode = 'TR006', hint = full_statement;
  end if;
  perform pgtrickle_internal.check_snapshot(snapshots[1]);
  return snapshots[1];
end
$$;
comment on function pgtrickle_internal.checked_frontier(bigint, jsonb) is
  'The snapshot of a frontier document; TR003 wrong shape, TR006 mixed snapshots, TR004 and TR005 for snapshots that are not there.';

create function pgtrickle_internal.check_populated(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select s.contents_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id) is null then
    raise exception 'stream table % was never populated', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR018', hint = format('select pgtrickle.reinitialize(%L);', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_internal.check_populated(bigint) is 'TR018 if a stream table has no contents yet.';
