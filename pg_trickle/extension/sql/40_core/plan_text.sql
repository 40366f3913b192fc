create function pgtrickle_internal.plan_text(p_id bigint, p_shape text default null) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select pgtrickle_internal.plan_document(s.view_definition, (
        select jsonb_object_agg(source.relation_name, format('%I.%I', source.lake_schema, source.lake_table))
        from pgtrickle_internal.sources source where source.stream_table_id = s.id
      ), s.settings, coalesce(p_shape, s.layout ->> 'shape'))
    from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.plan_text(bigint, text) is 'The plan of a stream table; shape state or rows, by default that of its layout.';
