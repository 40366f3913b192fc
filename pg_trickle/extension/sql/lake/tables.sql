-- Lake tables and their columns, now and at a snapshot.

create function pgtrickle_internal.lake_table_at(
  p_schema text, p_table text, p_snapshot bigint, out table_id bigint, out schema_version bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    select t.table_id into table_id
      from ducklake.ducklake_table t join ducklake.ducklake_schema s using (schema_id)
      where s.schema_name = p_schema and t.table_name = p_table
        and t.begin_snapshot <= p_snapshot and (t.end_snapshot is null or t.end_snapshot > p_snapshot)
        and s.begin_snapshot <= p_snapshot and (s.end_snapshot is null or s.end_snapshot > p_snapshot);
    -- The snapshot in which its columns last changed; the lake's own schema_version moves with any DDL anywhere.
    select max(greatest(c.begin_snapshot, case when c.end_snapshot <= p_snapshot then c.end_snapshot end))
      into schema_version
      from ducklake.ducklake_column c
      where c.table_id = lake_table_at.table_id and c.begin_snapshot <= p_snapshot;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_table_at(text, text, bigint) is
  'Id of a lake table as of a snapshot and the snapshot of its last change of columns; NULLs if it did not exist.';
alter function pgtrickle_internal.lake_table_at(text, text, bigint) owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_table_ids(p_schema text, p_table text) returns setof bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select distinct t.table_id
      from ducklake.ducklake_schema s join ducklake.ducklake_table t using (schema_id)
      where s.schema_name = p_schema and t.table_name = p_table;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_table_ids(text, text) is
  'Ids of all lake tables that have ever had this name.';
alter function pgtrickle_internal.lake_table_ids(text, text) owner to pgtrickle_catalog_reader;

-- The lake does not tell small letters from capital ones.
create function pgtrickle_internal.lake_table_had_rows(p_schema text, p_table text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  had_rows boolean;
begin
  begin
    had_rows := exists (
      select from ducklake.ducklake_schema s
      join ducklake.ducklake_table t using (schema_id)
      join ducklake.ducklake_table_stats x using (table_id)
      where s.schema_name = p_schema and lower(t.table_name) = lower(p_table) and x.next_row_id > 0);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return had_rows;
end
$$;
comment on function pgtrickle_internal.lake_table_had_rows(text, text) is
  'Whether any lake table that has, or has ever had, this name was ever given a row.';
alter function pgtrickle_internal.lake_table_had_rows(text, text) owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_table_size(
  p_table_id bigint, p_snapshot bigint, out rows numeric, out files bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    select coalesce(sum(f.record_count), 0), count(f.data_file_id) into rows, files
      from ducklake.ducklake_data_file f
      where f.table_id = p_table_id and f.begin_snapshot <= p_snapshot
        and (f.end_snapshot is null or f.end_snapshot > p_snapshot);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_table_size(bigint, bigint) is
  'Rows and data files of a lake table at a snapshot, as the catalog has them (inlined rows not counted).';
alter function pgtrickle_internal.lake_table_size(bigint, bigint) owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_columns(p_table_id bigint) returns table (column_name text, column_type text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select c.column_name::text, c.column_type::text
      from ducklake.ducklake_column c
      where c.table_id = p_table_id and c.end_snapshot is null and c.parent_column is null;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_columns(bigint) is
  'Columns of a lake table as they are now, without those inside of others.';
alter function pgtrickle_internal.lake_columns(bigint) owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_column_spans(p_schema text, p_table text)
returns table (column_name text, begin_snapshot bigint, end_snapshot bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    return query
      select c.column_name::text, greatest(c.begin_snapshot, t.begin_snapshot, s.begin_snapshot),
        least(c.end_snapshot, t.end_snapshot, s.end_snapshot)
      from ducklake.ducklake_schema s
      join ducklake.ducklake_table t using (schema_id)
      join ducklake.ducklake_column c using (table_id)
      where s.schema_name = p_schema and t.table_name = p_table and c.parent_column is null;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_column_spans(text, text) is
  'From which snapshot to before which one all lake tables of this name had which columns; a NULL end: still.';
alter function pgtrickle_internal.lake_column_spans(text, text) owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.missing_columns(p_schema text, p_table text, p_columns text[], p_snapshot bigint)
returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select wanted.name from unnest(p_columns) with ordinality as wanted (name, position)
    where not exists (
      select from pgtrickle_internal.lake_column_spans(p_schema, p_table) c
      where c.column_name = wanted.name and c.begin_snapshot <= p_snapshot
        and (c.end_snapshot is null or c.end_snapshot > p_snapshot))
    order by wanted.position);
end
$$;
comment on function pgtrickle_internal.missing_columns(text, text, text[], bigint) is
  'Those of the columns that the lake table of this name did not have at a snapshot.';

-- The columns by which files are read, whatever they were called when a file was written.
create function pgtrickle_internal.lake_column_ids(p_table_id bigint, p_snapshot bigint) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_columns jsonb;
begin
  begin
    select jsonb_agg(jsonb_build_object('name', c.column_name, 'id', c.column_id, 'initial', c.initial_default) order by c.column_order)
      into v_columns
      from ducklake.ducklake_column c
      where c.table_id = p_table_id and c.parent_column is null and c.begin_snapshot <= p_snapshot
        and (c.end_snapshot is null or c.end_snapshot > p_snapshot)
        -- what has parts is not read by a delta
        and not exists (select from ducklake.ducklake_column p where p.table_id = c.table_id and p.parent_column = c.column_id);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_columns;
end
$$;
comment on function pgtrickle_internal.lake_column_ids(bigint, bigint) is
  'Columns of a lake table at a snapshot: name, id in its files, and the value that older files stand for.';
alter function pgtrickle_internal.lake_column_ids(bigint, bigint) owner to pgtrickle_catalog_reader;
