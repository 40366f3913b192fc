-- A move whose rows are in place and verified, but not published. It lives inside one transaction: between staging and
-- publishing the caller's assertions run, with the caller's rights, and whoever leaves the publishing out cannot commit.

create table pgtrickle_internal.staged_moves (
  xid              xid8    not null default pg_catalog.pg_current_xact_id(),
  stream_table_id  bigint  not null,
  refresh_id       bigint  not null,
  generation       bigint  not null,
  snapshot_id      bigint  not null,
  row_count        bigint,
  fingerprint      text,
  verified         text,
  contradiction    jsonb,
  constraint staged_moves_pkey primary key (xid, stream_table_id)
);
comment on table pgtrickle_internal.staged_moves is
  'Moves of stream tables that this transaction has prepared and must publish before it commits.';

create function pgtrickle_internal.refuse_unpublished() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  if exists (select from pgtrickle_internal.staged_moves m
             where m.xid = new.xid and m.stream_table_id = new.stream_table_id) then
    raise exception 'stream table % was moved to snapshot % and not published',
        pgtrickle_internal.qualified_name(new.stream_table_id), new.snapshot_id
      using errcode = 'TR012', hint = 'Call pgtrickle.rewind(…) as a whole, not its parts.';
  end if;
  return null;
end
$$;
comment on function pgtrickle_internal.refuse_unpublished() is 'At commit: TR012 if a staged move was not published.';

create constraint trigger staged_moves_are_published
after insert on pgtrickle_internal.staged_moves
deferrable initially deferred
for each row execute function pgtrickle_internal.refuse_unpublished();

create function pgtrickle_internal.stage(
  p_id bigint, p_refresh bigint, p_generation bigint, p_snapshot bigint, p_verified pgtrickle.verification,
  p_contradiction jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgtrickle_internal.staged_moves (stream_table_id, refresh_id, generation, snapshot_id, row_count, fingerprint, verified, contradiction)
    values (p_id, p_refresh, p_generation, p_snapshot, p_verified.row_count, p_verified.fingerprint, p_verified.level,
      p_contradiction);
end
$$;
comment on function pgtrickle_internal.stage(bigint, bigint, bigint, bigint, pgtrickle.verification, jsonb) is
  'Notes a move that this transaction must publish before it commits.';

create type pgtrickle.moved as (
  table_name text,
  from_snapshot bigint,
  to_snapshot bigint,
  strategy text,
  reason text,
  rows_removed bigint,
  rows_added bigint,
  row_count bigint,
  fingerprint text,
  refresh_id bigint,
  verified text,
  contradiction jsonb
);
comment on type pgtrickle.moved is 'Result row of pgtrickle.rewind() and pgtrickle.step(): one stream table at its new snapshot.';
comment on column pgtrickle.moved.table_name is 'The stream table, with its schema.';
comment on column pgtrickle.moved.from_snapshot is 'Frontier before.';
comment on column pgtrickle.moved.to_snapshot is 'Frontier now.';
comment on column pgtrickle.moved.strategy is 'How the rows were moved: Full, Journal, Delta or Nothing.';
comment on column pgtrickle.moved.reason is 'Why that strategy.';
comment on column pgtrickle.moved.rows_removed is 'Rows that went.';
comment on column pgtrickle.moved.rows_added is 'Rows that came; a changed row is one of each.';
comment on column pgtrickle.moved.row_count is 'Rows now.';
comment on column pgtrickle.moved.fingerprint is 'Of the rows now; the same for the same rows, whenever and however they came.';
comment on column pgtrickle.moved.refresh_id is 'Its row in refresh_history.';
comment on column pgtrickle.moved.verified is 'engine or fingerprint: what the rows were checked against.';
comment on column pgtrickle.moved.contradiction is 'Where the lake gives other rows than were published at that snapshot: what was recorded then, what the lake gives now, and which was taken. NULL: none is known.';

-- The publication of every table, in the order of their ids, at the very end.
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
        r.strategy, r.reason, r.rows_removed, r.rows_added,
        staged.row_count, staged.fingerprint, r.id, staged.verified, staged.contradiction
      from pgtrickle_internal.refreshes r where r.id = staged.refresh_id;
    delete from pgtrickle_internal.staged_moves m
      where m.xid = staged.xid and m.stream_table_id = staged.stream_table_id;
  end loop;
end
$$;
comment on function pgtrickle_internal.finish_moves() is
  'Publishes what this transaction has staged; gives what changed for each table.';
grant execute on function pgtrickle_internal.finish_moves() to pgtrickle_admin;
