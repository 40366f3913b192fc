-- What is found: one row a damage, with the snapshots that it shows in and what mends it.

create type pgtrickle_internal.finding as (
  table_id bigint,
  data_file_id bigint,
  kind text,
  first_snapshot bigint,
  last_snapshot bigint,
  object text,
  message text,
  mend text
);
comment on type pgtrickle_internal.finding is 'One damage of the lake; table_id NULL: of the whole lake, last_snapshot NULL: the newest one too.';

-- A table that was dropped still has a past.
create function pgtrickle_internal.lake_tables()
returns table (table_id bigint, schema_name text, table_name text, folder text, is_relative boolean, data_path text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select distinct on (t.table_id) t.table_id, s.schema_name::text, t.table_name::text,
        concat(case when t.path_is_relative then concat(case when s.path_is_relative then m.value end, s.path) end, t.path),
        t.path_is_relative and s.path_is_relative, m.value::text
      from ducklake.ducklake_table t
      join ducklake.ducklake_schema s using (schema_id)
      join ducklake.ducklake_metadata m on m.key = 'data_path'
      order by t.table_id, t.begin_snapshot desc, s.begin_snapshot desc;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_tables() is
  'All lake tables by their newest names: the folder of their files, whether it is given relative to the data path, and that path.';
alter function pgtrickle_internal.lake_tables() owner to pgtrickle_catalog_reader;

-- The past of a snapshot that is wrong cannot be made right afterwards: what it needs is gone. It can be let go.
create function pgtrickle_internal.expiry_text(p_first bigint, p_last bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_versions text;
  v_has_head boolean;
begin
  begin
    select string_agg(s.snapshot_id::text, ', ' order by s.snapshot_id),
        bool_or(s.snapshot_id = (select max(h.snapshot_id) from ducklake.ducklake_snapshot h))
      into v_versions, v_has_head
      from ducklake.ducklake_snapshot s where s.snapshot_id between p_first and p_last;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return case when v_has_head then E'-- after the next commit to the lake, as its newest snapshot cannot be expired\n' else '' end
    || E'-- in DuckDB, the lake attached as lake\ncall ducklake_expire_snapshots(''lake'', versions => [' || v_versions || ']);';
end
$$;
comment on function pgtrickle_internal.expiry_text(bigint, bigint) is
  'The statement that expires these snapshots; NULL if they have expired already.';
alter function pgtrickle_internal.expiry_text(bigint, bigint) owner to pgtrickle_catalog_reader;
