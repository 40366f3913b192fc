-- Whether the storage still has the files of the sources: no verification and no scrub says yes while it has not.

-- Reads do not notice it all: DuckDB keeps what it has read from S3 in memory and does not ask for it again, so that a file is missed
-- only after the engine's next start. A list of the folder costs one request for each 1000 objects, so it is made where somebody
-- wants to know whether all is well, and by no refresh (0.35 s at 1,200 objects beside other work, where the verification takes as long again).
create function pgtrickle_internal.check_files(p_id bigint, p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lost text[];
begin
  -- One catalog for a whole transaction would list what has been merged and cleaned up since.
  if current_setting('transaction_isolation') <> 'read committed' then
    return;
  end if;
  select array_agg(format('%s file %s of %s is gone from the storage: %s', f.what, f.id, f.qualified_name, f.place) order by f.qualified_name, f.what, f.id)
    into v_lost
    from pgtrickle_internal.missing_files(array(
      select (pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_snapshot)).table_id
      from pgtrickle_internal.sources s where s.stream_table_id = p_id)) f
    where p_snapshot between f.first and coalesce(f.last, p_snapshot);
  if v_lost is null then
    return;
  end if;
  raise exception '%', v_lost[1] || case when cardinality(v_lost) > 1 then format(', and %s more', cardinality(v_lost) - 1) else '' end
    using errcode = 'LT012',
      detail = array_to_string(v_lost[:20], E'\n'),
      hint = format('Something other than the lake has removed it: restore it from a backup or the bucket''s versions. Stream table %s has its rows still, and strategy Journal of a rewind reads no file. select * from pgtrickle.inspect_lake(storage => true); says of each what mends it.',
        pgtrickle_internal.qualified_name(p_id));
end
$$;
comment on function pgtrickle_internal.check_files(bigint, bigint) is
  'LT012 naming the files that the sources of a stream table have at a snapshot and the storage does not; asks the engine for a list of their folders.';
