create function pgtrickle_internal.qualified_name(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('%I.%I', s.schema_name, s.table_name) from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.qualified_name(bigint) is 'schema.table of a stream table.';
