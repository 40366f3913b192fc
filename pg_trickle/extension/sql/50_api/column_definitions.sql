create function pgtrickle_internal.column_definitions(p_names jsonb, p_types jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(format('%I %s', n.name, t.type), ', ' order by n.position)
  from jsonb_array_elements_text(p_names) with ordinality as n (name, position)
  join jsonb_array_elements_text(p_types) with ordinality as t (type, position) using (position);
end;
comment on function pgtrickle_internal.column_definitions(jsonb, jsonb) is 'name type, name type for CREATE TABLE.';
