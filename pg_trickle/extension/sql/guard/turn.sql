-- How a commit looks to the guard (DuckLake 1.0; all in one transaction, REPEATABLE READ). During the statements a flush deletes inlined rows
-- and inlined deletions. At the end one batch: insert ducklake_snapshot … delete of replaced rows of ducklake_delete_file, their
-- files scheduled for deletion, insert ducklake_delete_file, … insert ducklake_inlined_delete_<table> … insert
-- ducklake_snapshot_changes. The key of ducklake_snapshot lets one commit through at a time, so a trigger sees the lake as it
-- is. Who comes second sends the same batch again under the next id: it was written for another id, and the deletions of a
-- flush, done during the statements, are not in it. Those two facts are behind most of what is guarded against here.
--
-- Words: DuckLake tries a commit again for six seconds if the error's text has "unique", "primary key", "conflict" or
-- "concurrent" in it. No message or name in this folder has; guard-refusals.pg.test.ts reads them all.

-- Others wait here while the engine has its turn: a maintenance or a repeated write of its own that must not lose the race.
create function pgtrickle_guard.take_move() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('pgtrickle.turn', true) is distinct from 'mine' then
    perform pg_advisory_xact_lock_shared(1886872427, 7001);
  end if;
  -- The triggers that follow in this transaction know by it that a commit is under way, and its id.
  perform set_config('pgtrickle_guard.commit', new.snapshot_id::text, true);
  return new;
end
$$;
comment on function pgtrickle_guard.take_move() is
  'Trigger before a commit of the lake: waits while a session holds the turn (advisory lock 1886872427, 7001), unless pgtrickle.turn is mine.';

create function pgtrickle_guard.commit_id() returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select nullif(current_setting('pgtrickle_guard.commit', true), '')::bigint;
end;
comment on function pgtrickle_guard.commit_id() is 'The snapshot that this transaction commits; NULL in one that does not (yet).';
grant execute on function pgtrickle_guard.commit_id() to pgtrickle_catalog_reader;

create function pgtrickle_guard.noted(p_name text) returns bigint[]
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select coalesce(nullif(current_setting('pgtrickle_guard.' || p_name, true), ''), '{}')::bigint[];
end;
comment on function pgtrickle_guard.noted(text) is 'Ids that an earlier trigger of this transaction has left.';
grant execute on function pgtrickle_guard.noted(text) to pgtrickle_catalog_reader;

create function pgtrickle_guard.note(p_name text, p_ids bigint[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('pgtrickle_guard.' || p_name, (pgtrickle_guard.noted(p_name) || p_ids)::text, true);
end
$$;
comment on function pgtrickle_guard.note(text, bigint[]) is 'Leaves ids to the later triggers of this transaction.';
grant execute on function pgtrickle_guard.note(text, bigint[]) to pgtrickle_catalog_reader;
