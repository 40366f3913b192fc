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
