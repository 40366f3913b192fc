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
returns bigint
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
  if p_st.layout ->> 'delta' is null then
    return null;
  end if;
  return pgtrickle_internal.record_manifest(p_states[1]);
end
$$;
comment on function pgtrickle_internal.sealed_states(pgtrickle_internal.stream_tables, pgtrickle_internal.lake_state[], bigint) is
  'The seal of a recomputation over these states of its sources, then its manifest.';

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
