-- The public row of a base row, as a value of the stream table's own row type: its text is the text of the public row.
create function pgtrickle_internal.projected_image_sql(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format('row(%s)::%s::text',
    (select string_agg(e.expression, ', ' order by e.position)
     from jsonb_array_elements_text(p_layout -> 'projection') with ordinality as e (expression, position)),
    p_layout ->> 'public');
end
$$;
comment on function pgtrickle_internal.projected_image_sql(jsonb) is
  'Expression over a base row f: the text of its public row.';
