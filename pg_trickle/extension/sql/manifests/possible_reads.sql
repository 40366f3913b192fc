-- How the one source of a stream table could be read by a delta, and what that costs.
create function pgtrickle_internal.possible_reads(p_st pgtrickle_internal.stream_tables, p_target bigint)
returns pgtrickle_internal.delta_reads
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source pgtrickle_internal.sources;
  before record;
  after record;
  result pgtrickle_internal.delta_reads;
  rows_limit numeric := pgtrickle_internal.setting('delta_rows_limit');
begin
  if p_st.contents_snapshot is null or p_st.layout ->> 'delta' is null then
    return result;
  end if;
  select s.* into source from pgtrickle_internal.sources s where s.stream_table_id = p_st.id;
  after := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_target);
  before := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_st.contents_snapshot);
  if before.table_id is distinct from after.table_id or after.table_id is null then
    result.obstacle := format('lake table %s was created, replaced, renamed or dropped', source.relation_name);
  elsif before.schema_version is distinct from after.schema_version then
    result.obstacle := format('columns of lake table %s were changed', source.relation_name);
  else
    result := pgtrickle_internal.delta_reads(p_st.manifest_id, format('%I.%I', source.lake_schema, source.lake_table), after.table_id, p_target);
    if result.obstacle is null and result.row_count + result.merged_row_count > rows_limit then
      result.obstacle := format('%s rows would have to be read, more than delta_rows_limit (%s)',
        result.row_count + result.merged_row_count, rows_limit);
    end if;
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.possible_reads(pgtrickle_internal.stream_tables, bigint) is
  'What a delta of a stream table to a snapshot has to read, or what makes one impossible; nothing for a query without deltas.';

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
create function pgtrickle_internal.unlisted_change(p_st pgtrickle_internal.stream_tables, p_reads pgtrickle_internal.delta_reads)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known pgtrickle_internal.manifests;
begin
  if (p_reads.state).table_id is null or coalesce(cardinality(p_reads.changes), 0) = 0 then
    return null;
  end if;
  select m.* into known from pgtrickle_internal.manifests m where m.id = p_st.manifest_id;
  return case
    when (p_reads.state).damage is not null then (p_reads.state).damage
    when known.record_count - known.deleted_count - known.inlined_deletion_count + known.inlined_row_count
      <> (p_reads.state).record_count - (p_reads.state).deleted_count - (p_reads.state).inlined_deletion_count
        + (p_reads.state).inlined_row_count
      then 'rows changed that no commit lists' end;
end
$$;
comment on function pgtrickle_internal.unlisted_change(pgtrickle_internal.stream_tables, pgtrickle_internal.delta_reads) is
  'NULL, or how the files of a source contradict that no commit changed its rows.';
