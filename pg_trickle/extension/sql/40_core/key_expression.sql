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
