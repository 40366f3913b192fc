-- The guard's records are the extension's own, and read here; so is who may ask.

create function pgtrickle_internal.inspect_records(p_tables bigint[]) returns setof pgtrickle_internal.finding
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select r.table_id, r.data_file_id, 'RecordedByGuard', r.first_snapshot, r.last_snapshot, format('data file %s', r.data_file_id),
    format('the guard has recorded at %s: %s; the rows of data file %s are wrong in these snapshots',
      to_char(r.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), r.what, r.data_file_id),
    e.statement
  from pgtrickle_guard.records r
  cross join lateral (select pgtrickle_internal.expiry_text(r.first_snapshot, r.last_snapshot) as statement) e
  -- What has expired nobody can read any more.
  where r.table_id = any (p_tables) and e.statement is not null;
end;
comment on function pgtrickle_internal.inspect_records(bigint[]) is 'What the guard could not repair, as far as its snapshots are there still.';

create function pgtrickle_internal.inspect_tables(p_tables bigint[]) returns setof pgtrickle_internal.finding
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select f.* from pgtrickle_internal.inspect_records(p_tables) f;
  return query
    select f.* from pgtrickle_internal.inspect_deletions(p_tables) f
    -- The same damage, seen by the guard as it happened.
    where f.kind <> 'DeletionDatedBack' or not exists (
      select from pgtrickle_guard.records r
      where r.table_id = f.table_id and r.data_file_id = f.data_file_id and r.first_snapshot = f.first_snapshot);
  return query select f.* from pgtrickle_internal.inspect_inlined_deletions(p_tables) f;
  return query select f.* from pgtrickle_internal.inspect_deleted_twice(p_tables) f;
  return query select f.* from pgtrickle_internal.inspect_files(p_tables) f;
end
$$;
comment on function pgtrickle_internal.inspect_tables(bigint[]) is 'All that is wrong with these lake tables, but for rights.';

create function pgtrickle_internal.lake_tables_named(p_name text) returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
begin
  select array_agg(t.table_id) into v_ids
    from pgtrickle_internal.lake_tables() t
    where p_name is null or p_name in (t.table_name, concat(t.schema_name, '.', t.table_name));
  if v_ids is null and p_name is not null then
    raise exception 'there is no lake table %', p_name
      using errcode = 'TR021', hint = coalesce(
        'Lake tables are ' || (
          select string_agg(distinct concat(t.schema_name, '.', t.table_name), ', ') from pgtrickle_internal.lake_tables() t) || '.',
        'The lake has no tables yet.');
  end if;
  return coalesce(v_ids, '{}');
end
$$;
comment on function pgtrickle_internal.lake_tables_named(text) is
  'Ids of the lake tables of that name, with or without its schema, dropped ones too; NULL: all. TR021 listing what there is.';

create function pgtrickle.inspect_lake(lake_table text default null, storage boolean default false)
returns table (
  table_name text, kind text, first_snapshot bigint, last_snapshot bigint, object text, message text, mend text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids bigint[];
begin
  perform pgtrickle_internal.check_catalog();
  -- Nothing else can be looked at before these are readable.
  if exists (select from pgtrickle_internal.inspect_rights() f where f.table_id is null) then
    return query
      select null::text, f.kind, f.first_snapshot, f.last_snapshot, f.object, f.message, f.mend
      from pgtrickle_internal.inspect_rights() f order by f.object;
    return;
  end if;
  v_ids := pgtrickle_internal.lake_tables_named(inspect_lake.lake_table);
  return query
    select n.name, f.kind, f.first_snapshot, f.last_snapshot, f.object, f.message, f.mend
    from (
      select r.* from pgtrickle_internal.inspect_rights() r where r.table_id = any (v_ids) or inspect_lake.lake_table is null
      union all
      select c.* from pgtrickle_internal.inspect_changes() c
      union all
      select o.* from pgtrickle_internal.inspect_cleanup() o
      union all
      select t.* from pgtrickle_internal.inspect_tables(v_ids) t
      union all
      select s.* from pgtrickle_internal.inspect_storage(v_ids) s where inspect_lake.storage) f
    left join lateral (
      select concat(t.schema_name, '.', t.table_name) as name from pgtrickle_internal.lake_tables() t where t.table_id = f.table_id) n on true
    order by n.name collate "C" nulls first, f.kind collate "C", f.first_snapshot, f.object collate "C", f.message collate "C";
end
$$;
comment on function pgtrickle.inspect_lake(text, boolean) is
  'Damage that is in the lake already, of one lake table or of all, by what its catalog tells; storage: the engine also looks which files are gone. One row each, with the snapshots that it shows in (last_snapshot NULL: the newest too) and what mends it. No rows: none is known.';
grant execute on function pgtrickle.inspect_lake(text, boolean) to pgtrickle_admin;
