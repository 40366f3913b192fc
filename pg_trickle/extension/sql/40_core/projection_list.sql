create function pgtrickle_internal.projection_list(p_layout jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(format('%s as %I', e.expression, c.name), ', ' order by e.position)
  from jsonb_array_elements_text(p_layout -> 'projection') with ordinality as e (expression, position)
  join jsonb_array_elements_text(p_layout -> 'public_columns') with ordinality as c (name, position) using (position);
end;
comment on function pgtrickle_internal.projection_list(jsonb) is 'The public columns over a base row with alias f.';
