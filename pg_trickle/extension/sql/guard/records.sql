-- What could not be repaired: at these snapshots AT is not to be believed for that table, and reads go by its files and positions.
create table pgtrickle_guard.records (
  table_id bigint not null,
  data_file_id bigint not null,
  first_snapshot bigint not null,
  last_snapshot bigint not null,
  what text not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint records_pkey primary key (table_id, data_file_id, first_snapshot),
  constraint records_are_of_snapshots check (first_snapshot <= last_snapshot)
);
comment on table pgtrickle_guard.records is 'Snapshots of a lake table at which AT (VERSION => …) is wrong, from first to last.';
select pg_catalog.pg_extension_config_dump('pgtrickle_guard.records', '');

-- Owned by the extension's owner: the role of the triggers may write nothing but the catalog.
create function pgtrickle_guard.record(p_commit bigint, p_table bigint, p_data_file bigint, p_first bigint, p_what text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  insert into pgtrickle_guard.records (table_id, data_file_id, first_snapshot, last_snapshot, what)
    values (p_table, p_data_file, p_first, p_commit - 1, p_what)
    on conflict (table_id, data_file_id, first_snapshot) do update
      set last_snapshot = greatest(records.last_snapshot, excluded.last_snapshot);
end
$$;
comment on function pgtrickle_guard.record(bigint, bigint, bigint, bigint, text) is
  'Notes that a table is not to be believed from a snapshot on, up to the one before the commit.';
grant execute on function pgtrickle_guard.record(bigint, bigint, bigint, bigint, text) to pgtrickle_catalog_reader;

create function pgtrickle_guard.is_flagged(p_table bigint, p_snapshot bigint) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select exists (
    select from pgtrickle_guard.records r where r.table_id = p_table and p_snapshot between r.first_snapshot and r.last_snapshot);
end;
comment on function pgtrickle_guard.is_flagged(bigint, bigint) is 'Whether AT that snapshot is wrong for that lake table, as far as the guard knows.';

create function pgtrickle_guard.damage() returns setof pgtrickle_guard.records
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select r.* from pgtrickle_guard.records r order by r.table_id, r.first_snapshot, r.data_file_id;
end;
comment on function pgtrickle_guard.damage() is 'All that could not be repaired.';

-- A record of what nobody can read any more says nothing.
create function pgtrickle_guard.forget_expired() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from pgtrickle_guard.records) then
    delete from pgtrickle_guard.records r where r.last_snapshot < pgtrickle_internal.lake_oldest();
  end if;
end
$$;
comment on function pgtrickle_guard.forget_expired() is 'Removes records of snapshots that have all expired.';
