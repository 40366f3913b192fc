-- What a changes view asks the engine for. Snapshot ids and the name of the lake table, nothing of their contents.
create function pgtrickle_changes.pending(
  p_id bigint, p_relation text, out plan text, out from_snapshot bigint, out to_snapshot bigint, out snapshots text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  source pgtrickle_internal.sources;
  tab record;
  changes record;
begin
  select s.frontier_snapshot into from_snapshot from pgtrickle_internal.stream_tables s where s.id = p_id;
  select s.* into source from pgtrickle_internal.sources s where s.stream_table_id = p_id and s.relation_name = p_relation;
  to_snapshot := pgtrickle_internal.lake_head();
  plan := json_build_object('table', format('%I.%I', source.lake_schema, source.lake_table))::text;
  tab := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, to_snapshot);
  changes := pgtrickle_internal.source_changes(p_id, from_snapshot, to_snapshot);
  if changes.reason is not null and changes.reason <> 'the query reads more than one lake table' then
    raise exception 'the changes of % after snapshot % cannot be read: %', source.relation_name, from_snapshot, changes.reason
      using errcode = 'TR018', hint = 'The next refresh recomputes the stream table; after it, changes can be read again.';
  end if;
  snapshots := (pgtrickle_internal.table_changes(tab.table_id, from_snapshot, to_snapshot)).snapshots;
end
$$;
comment on function pgtrickle_changes.pending(bigint, text) is 'The snapshots whose changes a view changes_<oid> shows.';
