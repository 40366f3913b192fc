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
