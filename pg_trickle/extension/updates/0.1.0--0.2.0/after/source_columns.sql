-- Which columns a query names, PostgreSQL tells of a view only: one is made of it and rolled back. Of a query whose source was dropped
-- it stays unknown.
create function pgtrickle_internal.update_source_columns() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  found_columns text[];
begin
  for source in
    select s.stream_table_id, s.frontier_key, s.relid, t.view_definition
    from pgtrickle_internal.sources s join pgtrickle_internal.stream_tables t on t.id = s.stream_table_id
  loop
    found_columns := null;
    begin
      execute format('create view pgtrickle_internal."pgtrickle query" as %s', source.view_definition);
      found_columns := pgtrickle_internal.named_columns('pgtrickle_internal."pgtrickle query"', source.relid);
      raise exception 'read' using errcode = 'TR999';
    exception
      when sqlstate 'TR999' or undefined_table or undefined_column or invalid_schema_name then
        null;
    end;
    update pgtrickle_internal.sources s set lake_columns = found_columns
      where s.stream_table_id = source.stream_table_id and s.frontier_key = source.frontier_key;
  end loop;
end
$$;
select pgtrickle_internal.update_source_columns();
drop function pgtrickle_internal.update_source_columns();
