-- From names to ids and back.

create function pgtrickle_internal.known_names() returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select case when count(*) = 0 then 'There is no stream table in this database.'
        else 'Stream tables: ' || string_agg(n.name, ', ' order by n.name) filter (where n.position <= 20)
          || case when count(*) > 20 then ', …' else '.' end end
    from (
      select format('%I.%I', s.schema_name, s.table_name) as name,
        row_number() over (order by s.schema_name, s.table_name) as position
      from pgtrickle_internal.stream_tables s
    ) n);
end
$$;
comment on function pgtrickle_internal.known_names() is 'The stream tables that there are, for a hint.';

create function pgtrickle_internal.qualified_name(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('%I.%I', s.schema_name, s.table_name) from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.qualified_name(bigint) is 'schema.table of a stream table.';

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

create function pgtrickle_internal.resolve_all(p_names text[]) returns bigint[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  ids bigint[] := '{}';
  wanted text;
begin
  if coalesce(array_length(p_names, 1), 0) = 0 then
    raise exception 'no stream table is named'
      using errcode = 'TR021', hint = pgtrickle_internal.known_names();
  end if;
  foreach wanted in array p_names loop
    ids := ids || pgtrickle_internal.resolve(wanted);
  end loop;
  -- One order for all that lock several: no deadlocks among them.
  return (select array_agg(distinct i order by i) from unnest(ids) i);
end
$$;
comment on function pgtrickle_internal.resolve_all(text[]) is 'Ids of these stream tables, sorted, without repeats.';
