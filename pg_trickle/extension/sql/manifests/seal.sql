-- A recomputation reads whatever the lake shows at a snapshot. The states of the sources before it, and again after it, tell what that was.
create function pgtrickle_internal.source_states(p_id bigint, p_snapshot bigint) returns pgtrickle_internal.lake_state[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select pgtrickle_internal.read_lake_state(t.table_id, p_snapshot, p_snapshot, 9223372036854775807)
    from pgtrickle_internal.sources s
    cross join lateral pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_snapshot) t
    where s.stream_table_id = p_id order by s.frontier_key);
end
$$;
comment on function pgtrickle_internal.source_states(bigint, bigint) is 'The states of the sources of a stream table at a snapshot, without their files.';

create function pgtrickle_internal.sealed_states(
  p_st pgtrickle_internal.stream_tables, p_states pgtrickle_internal.lake_state[], p_target bigint)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_seals(p_st, p_states, p_target);
  return pgtrickle_internal.recorded_states(p_st, p_states);
end
$$;
comment on function pgtrickle_internal.sealed_states(pgtrickle_internal.stream_tables, pgtrickle_internal.lake_state[], bigint) is
  'The seal of a recomputation over these states of its sources, then its manifest.';

create function pgtrickle_internal.recorded_states(p_st pgtrickle_internal.stream_tables, p_states pgtrickle_internal.lake_state[])
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_st.layout ->> 'delta' is not null then pgtrickle_internal.record_manifests(array(
    select row(null, null, p_states[n], null, 0, 0, 0)::pgtrickle_internal.delta_reads from generate_subscripts(p_states, 1) n order by n)) end;
end
$$;
comment on function pgtrickle_internal.recorded_states(pgtrickle_internal.stream_tables, pgtrickle_internal.lake_state[]) is
  'The manifest of a recomputation over these states; NULL for a query without deltas.';

create function pgtrickle_internal.check_seals(
  p_st pgtrickle_internal.stream_tables, p_states pgtrickle_internal.lake_state[], p_target bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state pgtrickle_internal.lake_state;
  source record;
begin
  for source in
    select s.*, row_number() over (order by s.frontier_key) as position
    from pgtrickle_internal.sources s where s.stream_table_id = p_st.id
  loop
    v_state := p_states[source.position];
    perform pgtrickle_internal.check_believable(v_state.table_id, format('%I.%I', source.lake_schema, source.lake_table), v_state.snapshot_id);
    -- Of the past the catalog's counts may be wrong, and what was recorded there says what is right.
    continue when p_target < p_st.contents_snapshot;
    perform pgtrickle_internal.check_seal(v_state, format('%I.%I', source.lake_schema, source.lake_table));
  end loop;
end
$$;
comment on function pgtrickle_internal.check_seals(pgtrickle_internal.stream_tables, pgtrickle_internal.lake_state[], bigint) is
  'TR041 unless what a recomputation read of its sources is what the catalog says of these states.';

-- The guard repairs the past where it can; where it could not, it has said from where to where a table is not to be believed.
create function pgtrickle_internal.check_believable(p_table_id bigint, p_lake_table text, p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if pgtrickle_guard.is_flagged(p_table_id, p_snapshot) then
    raise exception 'the lake shows wrong rows of table % at snapshot %: %', p_lake_table, p_snapshot, (
        select r.what from pgtrickle_guard.records r
        where r.table_id = p_table_id and p_snapshot between r.first_snapshot and r.last_snapshot limit 1)
      using errcode = 'TR041', hint = 'Nothing was published. Strategy Journal reaches the rows that were published there; other snapshots are not affected.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_believable(bigint, text, bigint) is
  'TR041 where the guard has recorded that the past of a lake table is wrong.';

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
  -- A commit that came since p_state was read may have put its own deletions into the delete files.
  if state.later_count > 0 then
    return;
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
