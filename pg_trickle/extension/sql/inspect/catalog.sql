-- What of the catalog itself cannot be read: by the engine's role, or by DuckLake.

-- A client in another role makes tables that are its own. The guard opens them as they are made; one that was made while the
-- extension was not there, or whose rights were taken away, keeps the engine from reading and flushing that lake table.
create function pgtrickle_internal.inspect_rights() returns setof pgtrickle_internal.finding
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select substring(c.relname from '^ducklake_inlined_(?:data|delete)_(\d{1,18})(?:_\d+)?$')::bigint, null::bigint, 'TableNotReadable', null::bigint, null::bigint,
    c.oid::regclass::text,
    format('%s belongs to %s, and pgtrickle_catalog, the engine''s role, may not %s it', c.oid::regclass, o.rolname, r.missing),
    E'-- in PostgreSQL, as a superuser\n' || format(
      case
        when o.rolname = 'pgtrickle_catalog' then 'grant all on %s to pgtrickle_catalog;'
        -- They lose nothing when the table goes to that role; another owner would.
        when o.rolsuper or pg_has_role(o.oid, 'pgtrickle_catalog', 'usage') then 'alter table %s owner to pgtrickle_catalog;'
        else 'grant select, insert, update, delete on %s to pgtrickle_catalog;'
      end, c.oid::regclass)
  from pg_class c
  join pg_roles o on o.oid = c.relowner
  cross join lateral (
    select string_agg(p.privilege, ', ' order by p.n) as missing
    from unnest(array['select', 'insert', 'update', 'delete']) with ordinality as p (privilege, n)
    where not has_table_privilege('pgtrickle_catalog', c.oid, p.privilege)) r
  where c.relnamespace = to_regnamespace('ducklake') and c.relkind = 'r' and c.relname ~ '^ducklake_' and r.missing is not null;
end;
comment on function pgtrickle_internal.inspect_rights() is 'Tables of the catalog that the engine''s role may not read or write.';

-- One such list stops ducklake_snapshots() for the whole lake, and each commit that looks back over it. What the snapshot did
-- to which table is told by the files and rows that begin and end with it.
create function pgtrickle_internal.inspect_changes() returns setof pgtrickle_internal.finding
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  c record;
  v_inlined record;
  v_did text[];
  v_found text[];
begin
  begin
    for c in
      select s.snapshot_id, s.changes_made::text as changes_made from ducklake.ducklake_snapshot_changes s
      where not pgtrickle_guard.is_readable(s.changes_made)
    loop
      select coalesce(array_agg(d.what), '{}') into v_did
        from (
          select format('inserted_into_table:%s', f.table_id) as what from ducklake.ducklake_data_file f where f.begin_snapshot = c.snapshot_id
          union
          select format('deleted_from_table:%s', f.table_id) from ducklake.ducklake_data_file f where f.end_snapshot = c.snapshot_id
          union
          select format('deleted_from_table:%s', f.table_id) from ducklake.ducklake_delete_file f
          where c.snapshot_id in (f.begin_snapshot, f.partial_max)) d;
      for v_inlined in
        select r.relname, (m.parts)[1] = 'data' as is_rows, (m.parts)[2] as table_id
        from pg_class r cross join lateral regexp_match(r.relname, '^ducklake_inlined_(data|delete)_(\d+)(?:_\d+)?$') m (parts)
        where r.relnamespace = 'ducklake'::regnamespace and r.relkind = 'r' and m.parts is not null and has_table_privilege(r.oid, 'select')
      loop
        execute format(case when v_inlined.is_rows then $sql$
            select array_remove(array[case when bool_or(i.begin_snapshot = $1) then 'inlined_insert:' end,
              case when bool_or(i.end_snapshot = $1) then 'inlined_delete:' end], null) from ducklake.%I i$sql$
          else $sql$
            select array_remove(array[case when bool_or(i.begin_snapshot = $1) then 'inlined_delete:' end], null) from ducklake.%I i$sql$
          end, v_inlined.relname) into v_found using c.snapshot_id;
        v_did := v_did || array(select f || v_inlined.table_id from unnest(v_found) f);
      end loop;
      return next row(null, null, 'ChangesNotReadable', c.snapshot_id, c.snapshot_id, format('snapshot %s', c.snapshot_id),
        format('snapshot %s has a list of changes that DuckLake cannot read, so that ducklake_snapshots() fails: %s', c.snapshot_id,
          left(c.changes_made, 200)),
        format(E'-- in PostgreSQL\nupdate ducklake.ducklake_snapshot_changes set changes_made = %L where snapshot_id = %s;',
          (select coalesce(string_agg(distinct d, ',' order by d), '') from unnest(v_did) d), c.snapshot_id))::pgtrickle_internal.finding;
    end loop;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.inspect_changes() is 'Snapshots whose list of changes DuckLake cannot read.';
alter function pgtrickle_internal.inspect_changes() owner to pgtrickle_catalog_reader;
