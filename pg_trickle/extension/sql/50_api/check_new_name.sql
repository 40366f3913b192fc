create function pgtrickle_internal.check_new_name(p_schema text, p_name text, p_owner regrole) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schema_oid oid := (select n.oid from pg_namespace n where n.nspname = p_schema);
begin
  if coalesce(p_name, '') = '' or octet_length(p_name) > 63 then
    raise exception 'a stream table needs a name of 1 to 63 bytes' using errcode = 'TR021';
  end if;
  if schema_oid is null then
    raise exception 'there is no schema %', coalesce(quote_ident(p_schema), 'NULL')
      using errcode = '3F000', hint = 'Create it first.';
  end if;
  if p_schema ~ '^pg_' or p_schema in ('information_schema', 'ducklake', 'pgtrickle') or p_schema like 'pgtrickle\_%' then
    raise exception 'schema % is reserved', quote_ident(p_schema) using errcode = 'TR021', hint = 'Use another schema.';
  end if;
  if not has_schema_privilege(p_owner, schema_oid, 'create') then
    raise exception 'permission denied for schema %', quote_ident(p_schema)
      using errcode = '42501', hint = format('grant create on schema %I to %s;', p_schema, p_owner);
  end if;
  if exists (select from pg_class c where c.relnamespace = schema_oid and c.relname = p_name) then
    raise exception 'relation %.% already exists', quote_ident(p_schema), quote_ident(p_name)
      using errcode = '42P07', hint = 'Choose another name.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_new_name(text, text, regrole) is 'Whether this role can create a table of this name there.';
