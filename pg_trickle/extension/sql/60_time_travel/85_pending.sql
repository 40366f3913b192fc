-- What a changes view asks the engine for: files, positions and the name of the lake table, nothing of their contents.
create function pgtrickle_changes.pending(p_id bigint, p_relation text, out plan text, out to_snapshot bigint, out reads text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  st pgtrickle_internal.stream_tables;
  source pgtrickle_internal.sources;
  lake_table text;
  before record;
  after record;
  found_reads pgtrickle_internal.delta_reads;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  select s.* into source from pgtrickle_internal.sources s where s.stream_table_id = p_id and s.relation_name = p_relation;
  to_snapshot := pgtrickle_internal.lake_head();
  lake_table := format('%I.%I', source.lake_schema, source.lake_table);
  plan := json_build_object('table', lake_table)::text;
  before := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, st.frontier_snapshot);
  after := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, to_snapshot);
  if before.table_id is distinct from after.table_id then
    found_reads.obstacle := format('lake table %s was created, replaced, renamed or dropped', source.relation_name);
  elsif before.schema_version is distinct from after.schema_version then
    found_reads.obstacle := format('columns of lake table %s were changed', source.relation_name);
  elsif st.manifest_id is not null and st.frontier_snapshot = st.contents_snapshot then
    found_reads := pgtrickle_internal.delta_reads(st.manifest_id, lake_table, after.table_id, to_snapshot);
  else
    found_reads := pgtrickle_internal.dated_reads(lake_table, after.table_id, st.frontier_snapshot, to_snapshot);
  end if;
  if found_reads.obstacle is not null then
    raise exception 'the changes of % after snapshot % cannot be read: %', source.relation_name, st.frontier_snapshot, found_reads.obstacle
      using errcode = 'TR018', hint = 'The next refresh recomputes the stream table; after it, changes can be read again.';
  end if;
  reads := case when found_reads.file_count + found_reads.row_count > 0 then found_reads.reads else '' end;
end
$$;
comment on function pgtrickle_changes.pending(bigint, text) is 'What a view changes_<oid> shows, for the engine; reads is empty if nothing is pending.';
