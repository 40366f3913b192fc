-- The seal: before rows are published, what was read of the lake must agree with its catalog, file by file. A delta is checked by the
-- engine as it reads. A recomputation reads through DuckLake; where deletions are, it is asked how many rows it shows of each such
-- file. Not where files also hold rows of later snapshots, which the catalog counts too.
create function pgtrickle_internal.check_seal(p_state pgtrickle_internal.lake_state, p_lake_table text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  state pgtrickle_internal.lake_state;
  wrong record;
begin
  if p_state.later_count > 0 or p_state.deleted_count + p_state.inlined_deletion_count = 0 then
    return;
  end if;
  state := pgtrickle_internal.read_lake_state(p_state.table_id, p_state.snapshot_id, p_state.snapshot_id, 0);
  if state.damage is not null then
    raise exception 'lake table % is damaged: %', p_lake_table, state.damage
      using errcode = 'TR041', hint = 'Nothing was published. Rewrite the table from rows that are right, or restore the catalog.';
  end if;
  execute $sql$
    select e.path, e.row_count as catalog_rows, coalesce(r.row_count, 0) as lake_rows
    from (
      select f.path, f.record_count - f.delete_count - cardinality(f.inlined_positions) as row_count
      from unnest($1) f where f.delete_count > 0 or cardinality(f.inlined_positions) > 0) e
    left join (
      select s.path, s.row_count from pgtrickle_lake.seal s
      where s.plan = (select $2) and s.to_snapshot = (select $3) and s.reads = (select $4)) r using (path)
    where e.row_count <> coalesce(r.row_count, 0)
    order by e.path limit 1$sql$
    into wrong
    using state.files, json_build_object('table', p_lake_table)::text, p_state.snapshot_id, (
      select jsonb_build_object('table', p_lake_table, 'files', jsonb_agg(jsonb_build_object('path', f.path, 'relative', f.is_relative)))::text
      from unnest(state.files) f where f.delete_count > 0 or cardinality(f.inlined_positions) > 0);
  if wrong.path is not null then
    raise exception 'lake table % contradicts itself at snapshot %: a scan gives % rows of file %, its catalog says %', p_lake_table,
        p_state.snapshot_id, wrong.lake_rows, wrong.path, wrong.catalog_rows
      using errcode = 'TR041', hint = 'Nothing was published. It is tried again by itself; if it lasts, deletions of this file are damaged: rewrite the table from rows that are right.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_seal(pgtrickle_internal.lake_state, text) is
  'TR041 with both numbers if the lake shows other rows of a file than its catalog counts. Says nothing where files hold rows of later snapshots too.';
