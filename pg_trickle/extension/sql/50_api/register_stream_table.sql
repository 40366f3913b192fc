-- The part of create_stream_table() with rights of its own. It trusts nothing but the view: its owner is the caller.
create function pgtrickle_internal.register_stream_table(
  p_view regclass, p_schema text, p_name text, p_query text, p_schedule text, p_mode text)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
-- pg_get_viewdef prints constants through these.
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
declare
  st pgtrickle_internal.stream_tables;
  sources jsonb;
begin
  st.created_by := pgtrickle_internal.check_own_view(p_view);
  st.schema_name := p_schema;
  st.table_name := p_name;
  st.mode := pgtrickle_internal.checked_mode(p_mode);
  st.schedule := pgtrickle_internal.checked_schedule(p_schedule);
  perform pgtrickle_internal.check_new_name(p_schema, p_name, st.created_by);
  perform pgtrickle_internal.check_view_calls(p_view);
  perform pgtrickle_internal.check_column_types(p_view);
  sources := pgtrickle_internal.view_sources(p_view, st.created_by);
  st.defining_query := p_query;
  st.view_definition := rtrim(pg_get_viewdef(p_view), '; ');
  st.settings := jsonb_build_object('TimeZone', current_setting('TimeZone'));
  st.description := pgtrickle_internal.describe_query(st.view_definition, sources, st.settings, st.mode);
  st.id := nextval('pgtrickle_internal.stream_tables_id_seq');
  st.layout := pgtrickle_internal.build_layout(st, p_view);
  begin
    st.relid := pgtrickle_internal.create_relations(st, p_view);
  exception when unique_violation or duplicate_table or duplicate_object then
    -- another session has made it since check_new_name() looked
    raise exception 'relation %.% already exists', quote_ident(p_schema), quote_ident(p_name)
      using errcode = '42P07', hint = 'Choose another name.';
  end;
  insert into pgtrickle_internal.stream_tables (id, relid, schema_name, table_name, defining_query, view_definition,
      settings, description, layout, mode, schedule, created_by)
    overriding system value
    values (st.id, st.relid, st.schema_name, st.table_name, st.defining_query, st.view_definition,
      st.settings, st.description, st.layout, st.mode, st.schedule, st.created_by);
  insert into pgtrickle_internal.sources (stream_table_id, relid, relation_name, frontier_key, lake_schema, lake_table,
      lake_columns)
    select st.id, (s.item ->> 'relid')::oid::regclass, s.item ->> 'relation', 'ducklake:' || (s.item ->> 'relation'),
      s.item ->> 'lake_schema', s.item ->> 'lake_table',
      array(select c.name from jsonb_array_elements_text(s.item -> 'columns') with ordinality as c (name, position) order by c.position)
    from jsonb_array_elements(sources) s (item);
  if to_regprocedure('pgtrickle_internal.create_changes_view(bigint)') is not null then
    perform pgtrickle_internal.create_changes_view(st.id);
  end if;
  perform pgtrickle_internal.populate(st.id);
  return pgtrickle_internal.qualified_name(st.id);
end
$$;
comment on function pgtrickle_internal.register_stream_table(regclass, text, text, text, text, text) is
  'Makes a stream table from a temporary view of the caller. Private part of pgtrickle.create_stream_table().';
