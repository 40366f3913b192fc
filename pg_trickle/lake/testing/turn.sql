-- For tests of an engine without the extension's guard: the trigger in which other clients' commits wait for a turn.
create schema if not exists turn_test;

create or replace function turn_test.wait_for_turn() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if coalesce(current_setting('pgtrickle.turn', true), '') <> 'mine' then
    perform pg_advisory_xact_lock_shared(1886872427, 7001);
  end if;
  return new;
end $$;

create or replace trigger wait_for_turn before insert on ducklake.ducklake_snapshot
  for each row execute function turn_test.wait_for_turn();

grant usage on schema turn_test to public;
