create function pgtrickle_internal.plan_document(p_definition text, p_tables jsonb, p_settings jsonb, p_shape text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select json_build_object('sql', p_definition, 'tables', p_tables, 'settings', p_settings, 'shape', p_shape)::text;
end;
comment on function pgtrickle_internal.plan_document(text, jsonb, jsonb, text) is 'The plan as the lake engine reads it.';
