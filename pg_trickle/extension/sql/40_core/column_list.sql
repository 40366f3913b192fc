create function pgtrickle_internal.column_list(p_names jsonb, p_alias text default null) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(coalesce(p_alias || '.', '') || quote_ident(n.name), ', ' order by n.position)
  from jsonb_array_elements_text(p_names) with ordinality as n (name, position);
end;
comment on function pgtrickle_internal.column_list(jsonb, text) is 'alias.a, alias.b for ["a", "b"].';
