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
