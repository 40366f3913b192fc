-- From the layout of a stream table, which says where its rows are, to the SQL that reads them.

create function pgtrickle_internal.column_list(p_names jsonb, p_alias text default null) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(coalesce(p_alias || '.', '') || quote_ident(n.name), ', ' order by n.position)
  from jsonb_array_elements_text(p_names) with ordinality as n (name, position);
end;
comment on function pgtrickle_internal.column_list(jsonb, text) is 'alias.a, alias.b for ["a", "b"].';

create function pgtrickle_internal.typed_columns(p_names jsonb, p_types jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(format('%I %s', n.name, t.type), ', ' order by n.position)
  from jsonb_array_elements_text(p_names) with ordinality as n (name, position)
  join jsonb_array_elements_text(p_types) with ordinality as t (type, position) using (position);
end;
comment on function pgtrickle_internal.typed_columns(jsonb, jsonb) is 'name type, name type for CREATE TABLE.';

create function pgtrickle_internal.projected_from(p_layout jsonb, p_base text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select format('%s f%s%s', p_base,
    (select format(' cross join lateral (select %s) o', string_agg(format('%s as o%s', e.expression, e.position), ', ' order by e.position))
      from jsonb_array_elements_text(p_layout -> 'outputs') with ordinality as e (expression, position) having count(*) > 0),
    ' where ' || (p_layout ->> 'having'));
end;
comment on function pgtrickle_internal.projected_from(jsonb, text) is
  'What the expressions of a layout''s projection are over: base rows f, and where it has outputs, these as o.';

-- Of a query with expressions over its groups and aggregates these are columns o1, o2 … first, and a group may have no public row.
create function pgtrickle_internal.public_rows_sql(p_layout jsonb, p_base text, p_extra text default '') returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select format('select %s%s from %s', p_extra, string_agg(format('%s as %I', e.expression, c.name), ', ' order by e.position),
    pgtrickle_internal.projected_from(p_layout, p_base))
  from jsonb_array_elements_text(p_layout -> 'projection') with ordinality as e (expression, position)
  join jsonb_array_elements_text(p_layout -> 'public_columns') with ordinality as c (name, position) using (position);
end;
comment on function pgtrickle_internal.public_rows_sql(jsonb, text, text) is
  'SELECT of the public columns of base rows, which are a relation or subquery; p_extra: more columns over the base row f, each with a comma.';

create function pgtrickle_internal.public_list(p_layout jsonb, p_alias text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(case when t.type = p.type then format('%I.%I', p_alias, n.name)
      else format('%I.%I::%s', p_alias, n.name, t.type) end, ', ' order by n.position)
  from jsonb_array_elements_text(p_layout -> 'public_columns') with ordinality as n (name, position)
  join jsonb_array_elements_text(p_layout -> 'public_types') with ordinality as p (type, position) using (position)
  join jsonb_array_elements_text(p_layout #> '{public_rows,types}') with ordinality as t (type, position) using (position);
end;
comment on function pgtrickle_internal.public_list(jsonb, text) is
  'The public columns of the stream table as they are compared: of a type without equality its text.';

create function pgtrickle_internal.public_texts_sql(p_layout jsonb, p_base text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format('select r."pgtrickle weight", %s from (%s) r', pgtrickle_internal.public_list(p_layout, 'r'),
    pgtrickle_internal.public_rows_sql(p_layout, p_base, 'f.weight as "pgtrickle weight", '));
end
$$;
comment on function pgtrickle_internal.public_texts_sql(jsonb, text) is 'Public rows of base rows that have a weight, as they are compared.';

create function pgtrickle_internal.base_list(p_layout jsonb, p_alias text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select case p_layout ->> 'shape' when 'rows' then pgtrickle_internal.public_list(p_layout, p_alias)
    else pgtrickle_internal.column_list(p_layout -> 'base_columns', p_alias) end;
end;
comment on function pgtrickle_internal.base_list(jsonb, text) is 'The base columns as they are read from the base relation.';

-- Rows are matched by a composite value of their key: it can be hashed, and takes NULLs as equal.
create function pgtrickle_internal.key_expression(p_layout jsonb, p_names jsonb, p_alias text) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select case when jsonb_array_length(p_names) = 0 then 'true'
      else format('row(%s)::%s', pgtrickle_internal.column_list(p_names, p_alias), p_layout ->> 'key_type') end);
end
$$;
comment on function pgtrickle_internal.key_expression(jsonb, jsonb, text) is 'row(alias.k1, …)::<key type>.';

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

create function pgtrickle_internal.differs_sql(p_columns jsonb, p_types jsonb, p_left text, p_right text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  theirs text[] := pgtrickle_internal.spelling_list(p_columns, p_types, p_right);
begin
  return (
    select format('((%s) is distinct from (%s)%s)', pgtrickle_internal.column_list(p_columns, p_left),
      pgtrickle_internal.column_list(p_columns, p_right),
      string_agg(format(' or %s is distinct from %s', o.expression, theirs[o.position]), '' order by o.position))
    from unnest(pgtrickle_internal.spelling_list(p_columns, p_types, p_left)) with ordinality as o (expression, position));
end
$$;
comment on function pgtrickle_internal.differs_sql(jsonb, jsonb, text, text) is
  'Whether the rows of two aliases differ in these columns, in value or in spelling.';

create function pgtrickle_internal.contents_rows_sql(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  return format('select %s from only %s', pgtrickle_internal.column_list(layout -> 'public_columns'), layout ->> 'public');
end
$$;
comment on function pgtrickle_internal.contents_rows_sql(bigint) is 'SELECT of the public columns as they are.';
