-- The gate of every table, in the order of their ids, at the very end.
create function pgtrickle_internal.finish_moves() returns setof pgtrickle.moved
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  staged pgtrickle_internal.staged_moves;
begin
  for staged in
    select m.* from pgtrickle_internal.staged_moves m
    where m.xid = pg_current_xact_id_if_assigned() order by m.stream_table_id
  loop
    perform pgtrickle_internal.publish(staged.stream_table_id, staged.generation, staged.snapshot_id);
    -- What is recorded is what was verified: kept up by the journal's changes, it would go on with whatever was damaged before.
    update pgtrickle_internal.fingerprints f set (row_count, hash_sum) = (
        select c.row_count, c.hash_sum from pgtrickle_internal.count_fingerprint(staged.stream_table_id) c)
      where f.refresh_id = staged.refresh_id
        and pgtrickle_internal.fingerprint(f.row_count, f.hash_sum) <> staged.fingerprint;
    return query
      select pgtrickle_internal.qualified_name(r.stream_table_id), r.from_snapshot, r.to_snapshot,
        pgtrickle_internal.shown_strategy(r.strategy), r.reason, r.rows_removed, r.rows_added,
        staged.row_count, staged.fingerprint, r.id, staged.verified, staged.contradiction
      from pgtrickle_internal.refreshes r where r.id = staged.refresh_id;
    delete from pgtrickle_internal.staged_moves m
      where m.xid = staged.xid and m.stream_table_id = staged.stream_table_id;
  end loop;
end
$$;
comment on function pgtrickle_internal.finish_moves() is
  'Publishes what this transaction has staged; gives what changed for each table.';
