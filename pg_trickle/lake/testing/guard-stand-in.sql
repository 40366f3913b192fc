-- For tests of an engine beside a catalog without the extension's guard: what of the guard its writes need.
create schema if not exists turn_test;
grant usage on schema turn_test to public;

-- Other clients' commits wait for a turn.
create or replace function turn_test.wait_for_turn() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if coalesce(current_setting('pgtrickle.turn', true), '') <> 'mine' then
    perform pg_advisory_xact_lock_shared(1886872427, 7001);
  end if;
  return new;
end $$;

create or replace trigger wait_for_turn before insert on ducklake.ducklake_snapshot
  for each row execute function turn_test.wait_for_turn();

-- Two deletions from one file of which neither knows the other: DuckLake commits both, and every row of the file is there twice.
create or replace function turn_test.refuse_second_delete_file() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
  if exists (
    select from added a join ducklake.ducklake_delete_file o using (data_file_id)
      where o.end_snapshot is null and o.delete_file_id <> a.delete_file_id)
  then
    raise exception 'pgtrickle guard: a data file would get a second live delete file' using hint = 'run the transaction again';
  end if;
  return null;
end $$;

create or replace trigger refuse_second_delete_file after insert on ducklake.ducklake_delete_file
  referencing new table as added for each statement execute function turn_test.refuse_second_delete_file();
