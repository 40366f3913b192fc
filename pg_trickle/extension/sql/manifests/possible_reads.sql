-- How the sources of a stream table could be read by a delta, and what that costs.
create function pgtrickle_internal.possible_reads(p_st pgtrickle_internal.stream_tables, p_target bigint)
returns pgtrickle_internal.delta_reads[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_st.contents_snapshot is null or p_st.layout ->> 'delta' is null then
    return null;
  end if;
  return array(
    select pgtrickle_internal.possible_source_reads(s, p_st.contents_snapshot, p_st.manifest_ids[s.position], p_target)
    from (
      select s as source, row_number() over (order by s.frontier_key) as position
      from pgtrickle_internal.sources s where s.stream_table_id = p_st.id) s (s, position)
    order by s.position);
end
$$;
comment on function pgtrickle_internal.possible_reads(pgtrickle_internal.stream_tables, bigint) is
  'What a delta of a stream table to a snapshot has to read of each source, by frontier_key, or what makes one impossible; NULL for a query without deltas.';

create function pgtrickle_internal.possible_source_reads(
  p_source pgtrickle_internal.sources, p_contents bigint, p_manifest bigint, p_target bigint) returns pgtrickle_internal.delta_reads
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  before record := pgtrickle_internal.lake_table_at(p_source.lake_schema, p_source.lake_table, p_contents);
  after record := pgtrickle_internal.lake_table_at(p_source.lake_schema, p_source.lake_table, p_target);
  result pgtrickle_internal.delta_reads;
  rows_limit numeric := pgtrickle_internal.setting('delta_rows_limit');
begin
  if before.table_id is distinct from after.table_id or after.table_id is null then
    result.obstacle := format('lake table %s was created, replaced, renamed or dropped', p_source.relation_name);
  elsif before.schema_version is distinct from after.schema_version then
    result.obstacle := format('columns of lake table %s were changed', p_source.relation_name);
  else
    result := pgtrickle_internal.delta_reads(p_manifest, format('%I.%I', p_source.lake_schema, p_source.lake_table), after.table_id, p_target);
    if result.obstacle is null and result.row_count + result.merged_row_count > rows_limit then
      result.obstacle := format('%s rows would have to be read, more than delta_rows_limit (%s)',
        result.row_count + result.merged_row_count, rows_limit);
    end if;
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.possible_source_reads(pgtrickle_internal.sources, bigint, bigint, bigint) is
  'What a delta to a snapshot has to read of one source, or the obstacle.';

create function pgtrickle_internal.total_reads(p_reads pgtrickle_internal.delta_reads[]) returns pgtrickle_internal.delta_reads
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  result pgtrickle_internal.delta_reads;
begin
  select (array_agg(r.obstacle order by r.ordinality) filter (where r.obstacle is not null))[1],
      json_agg(case when r.file_count + r.row_count > 0 then r.reads end order by r.ordinality)::text,
      sum(r.file_count), sum(r.row_count), sum(r.merged_row_count)
    into result.obstacle, result.reads, result.file_count, result.row_count, result.merged_row_count
    from unnest(p_reads) with ordinality as r;
  return result;
end
$$;
comment on function pgtrickle_internal.total_reads(pgtrickle_internal.delta_reads[]) is
  'The reads of several sources together: the first obstacle, sums, and reads as a JSON array with NULL for a source that did not change.';

create function pgtrickle_internal.delta_cost(p_reads pgtrickle_internal.delta_reads) returns numeric
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return round(pgtrickle_internal.setting('delta_base_ms') + pgtrickle_internal.setting('delta_file_ms') * p_reads.file_count
    + pgtrickle_internal.setting('delta_million_rows_ms') * p_reads.row_count / 1000000
    + pgtrickle_internal.setting('delta_million_merged_rows_ms') * p_reads.merged_row_count / 1000000, 1);
end
$$;
comment on function pgtrickle_internal.delta_cost(pgtrickle_internal.delta_reads) is 'Estimated milliseconds of a delta.';

create function pgtrickle_internal.delta_reason(p_reads pgtrickle_internal.delta_reads) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select format('reads %s row%s in %s file%s', p_reads.row_count, case when p_reads.row_count = 1 then '' else 's' end, p_reads.file_count,
      case when p_reads.file_count = 1 then '' else 's' end)
    || case when p_reads.merged_row_count > 0
      then format(', and of %s rows that were merged or flushed which are new', p_reads.merged_row_count) else '' end
$$;
comment on function pgtrickle_internal.delta_reason(pgtrickle_internal.delta_reads) is 'What a delta reads, for people.';

-- The list of changes in the catalog says that no row changed. Files may have, by maintenance; rows must not.
create function pgtrickle_internal.unlisted_change(p_st pgtrickle_internal.stream_tables, p_reads pgtrickle_internal.delta_reads[])
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select case
      when (r.state).damage is not null then (r.state).damage
      when m.record_count - m.deleted_count - m.inlined_deletion_count + m.inlined_row_count
        <> (r.state).record_count - (r.state).deleted_count - (r.state).inlined_deletion_count + (r.state).inlined_row_count
        then 'rows changed that no commit lists' end as what
    from unnest(p_reads) with ordinality as r
    left join pgtrickle_internal.manifests m on m.id = p_st.manifest_ids[r.ordinality]
    where (r.state).table_id is not null and cardinality(r.changes) > 0
    order by what nulls last limit 1);
end
$$;
comment on function pgtrickle_internal.unlisted_change(pgtrickle_internal.stream_tables, pgtrickle_internal.delta_reads[]) is
  'NULL, or how the files of a source contradict that no commit changed its rows.';
