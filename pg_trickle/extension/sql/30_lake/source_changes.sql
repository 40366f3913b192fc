-- Whether commits changed what a stream table reads between two snapshots.
create function pgtrickle_internal.source_changes(
  p_id bigint, p_from bigint, p_to bigint,
  out is_readable boolean, out reason text, out snapshot_count integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  before record;
  after record;
  part record;
begin
  is_readable := false;
  if p_from > p_to then
    reason := format('snapshot %s is before %s', p_to, p_from);
  elsif not pgtrickle_internal.snapshot_exists(p_from) then
    reason := format('snapshot %s was expired', p_from);
  elsif pgtrickle_internal.lake_has_hole(p_from, p_to) then
    reason := format('snapshots between %s and %s were expired', p_from, p_to);
  end if;
  if reason is not null then
    return;
  end if;
  snapshot_count := 0;
  for source in select s.* from pgtrickle_internal.sources s where s.stream_table_id = p_id loop
    before := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_from);
    after := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_to);
    if before.table_id is distinct from after.table_id or after.table_id is null then
      reason := format('lake table %s was created, replaced or dropped', source.relation_name);
      return;
    elsif before.schema_version is distinct from after.schema_version then
      reason := format('columns of lake table %s were changed', source.relation_name);
      return;
    end if;
    part := pgtrickle_internal.table_changes(after.table_id, p_from, p_to);
    if not part.is_readable then
      reason := part.reason;
      return;
    end if;
    snapshot_count := snapshot_count + part.snapshot_count;
  end loop;
  is_readable := true;
end
$$;
comment on function pgtrickle_internal.source_changes(bigint, bigint, bigint) is
  'How many snapshots of (from, to] changed rows of the sources (0: none), or why that cannot be told.';
