-- 1.0 and 1.00, 0 and -0, '30 days' and '1 mon' are equal and not the same: a stream table has what its query gives. Rows are
-- told apart by these expressions too, wherever equality alone would take one for the other.
create function pgtrickle_internal.spelling_list(p_columns jsonb, p_types jsonb, p_alias text) returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select coalesce(array_agg(case when t.type ~ '^numeric(\(|$)' then format('scale(%s.%I)', p_alias, c.name)
      else format('%s.%I::text', p_alias, c.name) end order by c.position), '{}')
  from jsonb_array_elements_text(p_columns) with ordinality as c (name, position)
  join jsonb_array_elements_text(p_types) with ordinality as t (type, position) using (position)
  where t.type !~ '^(smallint|integer|bigint|boolean|text|character varying|date|time|timestamp|uuid|bytea)\y[^\[]*$';
end;
comment on function pgtrickle_internal.spelling_list(jsonb, jsonb, text) is
  'Expressions that tell equal values of these columns apart where they are written differently; mostly none.';
