create function pgtrickle_internal.resolve(p_name text) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[];
  ids bigint[];
begin
  begin
    parts := parse_ident(p_name);
  exception when others then
    parts := null;
  end;
  select array_agg(s.id order by s.schema_name, s.table_name) into ids
    from pgtrickle_internal.stream_tables s
    where s.table_name = parts[array_length(parts, 1)]
      and array_length(parts, 1) <= 2
      and (array_length(parts, 1) = 1 or s.schema_name = parts[1]);
  if ids is null then
    raise exception 'there is no stream table %', coalesce(quote_literal(p_name), 'NULL')
      using errcode = 'TR001', hint = pgtrickle_internal.known_names();
  end if;
  if array_length(ids, 1) > 1 then
    raise exception 'the name "%" is ambiguous: %', p_name,
        (select string_agg(pgtrickle_internal.qualified_name(i), ' and ' order by i) from unnest(ids) i)
      using errcode = 'TR002', hint = 'Give the schema too.';
  end if;
  return ids[1];
end
$$;
comment on function pgtrickle_internal.resolve(text) is
  'Id of the stream table with this name; TR001 listing what there is, TR002 naming all that it could be.';
