-- Another lake table: in the lake, and here as the foreign table by which PostgreSQL reads and writes it.
--
-- The foreign table belongs to the extension's owner, as its owner could point it at any other table of the lake by its options. Whoever
-- calls gets everything else, with the right to pass it on; and nothing that others have put into the lake, unless he may use the server.

create function pgtrickle.create_lake_table(name text, columns text) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  caller name := pgtrickle_internal.caller();
  parts text[] := pgtrickle_internal.lake_table_name(create_lake_table.name);
  foreign_table text := format('%I.%I', parts[1], parts[2]);
  wanted jsonb;
begin
  perform pgtrickle_internal.check_may_create();
  -- Schema lake is there for such tables; elsewhere it takes the caller's own right.
  perform pgtrickle_internal.check_new_name(parts[1], parts[2],
    to_regrole(quote_ident(case when parts[1] = 'lake' then current_user else caller end)));
  perform pgtrickle_internal.check_lake_name(parts[2], caller);
  wanted := pgtrickle_internal.column_definitions(create_lake_table.columns);
  -- First here, where all is undone if the lake refuses; the lake last, as nothing takes that back.
  begin
    execute format('create foreign table %s (%s) server lake options (schema_name %L, table_name %L)',
      foreign_table, pgtrickle_internal.column_definition_list(wanted), 'main', parts[2]);
  exception when unique_violation or duplicate_table or duplicate_object then
    -- another session has made it since check_new_name() looked
    raise exception 'relation % already exists', foreign_table using errcode = '42P07', hint = 'Choose another name.';
  end;
  perform pgtrickle_internal.make_lake_table(parts[2], wanted);
  if not pg_has_role(caller, current_user, 'usage') then
    execute format('grant select, insert, update, delete on %s to %I with grant option', foreign_table, caller);
    if parts[1] = 'lake' then
      execute format('grant usage on schema lake to %I with grant option', caller);
    end if;
  end if;
  return foreign_table;
end
$$;
comment on function pgtrickle.create_lake_table(text, text) is
  'Makes a table in the lake, and the foreign table for it (orders: lake.orders). columns: names and types as in CREATE TABLE, with NOT NULL where wanted, nothing else. The caller may read and write it, and let others. The lake keeps it if the transaction is rolled back; the same call again takes it.';
grant execute on function pgtrickle.create_lake_table(text, text) to pgtrickle_admin;

create function pgtrickle_internal.lake_table_name(p_name text) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[];
begin
  begin
    parts := parse_ident(p_name);
  exception when others then
    parts := null;
  end;
  if parts is null or array_length(parts, 1) > 2 then
    raise exception '% is not a name of a table', coalesce(quote_literal(p_name), 'NULL')
      using errcode = 'TR021', hint = 'Write orders, which is lake.orders, or the name with its schema.';
  end if;
  return case when array_length(parts, 1) = 2 then parts else array['lake', parts[1]] end;
end
$$;
comment on function pgtrickle_internal.lake_table_name(text) is 'Schema and name of a lake table here, schema lake if none is given; TR021.';

-- Who has SELECT on another foreign table would see what is written by this one, and the other way round. And rows that a table of
-- that name had, be it dropped, are at older snapshots still, to which a stream table over it can be put back.
create function pgtrickle_internal.check_lake_name(p_table text, p_caller name) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  other regclass;
begin
  if has_server_privilege(p_caller, 'lake', 'usage') then
    return;
  end if;
  select t.ftrelid::regclass into other
    from pg_foreign_table t join pg_foreign_server s on s.oid = t.ftserver join pg_class c on c.oid = t.ftrelid
    where s.srvname = 'lake' and c.relnamespace <> 'pgtrickle_rewind'::regnamespace
      and lower(regexp_replace(coalesce((
          select o.option_value from pg_options_to_table(t.ftoptions) o where o.option_name = 'table_name'), c.relname),
        '@[0-9]+$', '')) = lower(p_table)
    order by t.ftrelid limit 1;
  if other is not null then
    raise exception 'lake table %.% has a foreign table already: %', 'main', quote_ident(p_table), other
      using errcode = '42501', hint = format('Ask for rights on %s, or choose another name. Who has USAGE on server lake may make a second one.', other);
  end if;
  if pgtrickle_internal.lake_table_had_rows('main', p_table) then
    raise exception 'lake table %.% has rows already, or had some', 'main', quote_ident(p_table)
      using errcode = '42501',
        hint = format('Rows of others are only for who has USAGE on server lake, as superusers do. Let one of them call it and grant rights to %I; or choose another name.', p_caller);
  end if;
end
$$;
comment on function pgtrickle_internal.check_lake_name(text, name) is
  '42501 if there is a foreign table over this lake table, or it has had rows, and the caller may not use the server lake himself.';

create function pgtrickle_internal.make_lake_table(p_table text, p_columns jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_definition text := jsonb_build_object('table', 'main.' || p_table, 'columns', p_columns,
    'author', session_user, 'application_name', current_setting('application_name'))::text;
  present record;
begin
  select c.made, c.columns::jsonb as columns into strict present
    from pgtrickle_lake.create_table c where c.definition = v_definition;
  if present.made then
    return;
  end if;
  if present.columns <> p_columns then
    raise exception 'lake table main.% is there already, with other columns', quote_ident(p_table)
      using errcode = '42P07',
        detail = format('It has: %s. Wanted: %s.', pgtrickle_internal.column_definition_list(present.columns),
          pgtrickle_internal.column_definition_list(p_columns)),
        hint = format('Ask for the columns that it has, choose another name, or drop it in a DuckDB that has the lake attached: drop table lake.main.%I;', p_table);
  end if;
  raise notice 'lake table main.% was there already, with the same columns: it is taken', quote_ident(p_table);
end
$$;
comment on function pgtrickle_internal.make_lake_table(text, jsonb) is
  'Has the engine make a lake table, or takes one that is there with the same columns; 42P07 if they are others.';

create function pgtrickle_internal.column_definition_list(p_columns jsonb) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select string_agg(format('%I %s%s', c.item ->> 'name', c.item ->> 'type',
      case when (c.item ->> 'not_null')::boolean then ' not null' else '' end), ', ' order by c.position)
    from jsonb_array_elements(p_columns) with ordinality as c (item, position);
end;
comment on function pgtrickle_internal.column_definition_list(jsonb) is
  'Columns as CREATE TABLE has them; their types are names that format_type() or the engine gave.';

create function pgtrickle_internal.column_definitions(p_columns text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  pieces text[];
begin
  -- At commas outside of quotes and parentheses.
  select array_agg(m.piece[1] order by m.position) into pieces
    from regexp_matches(p_columns, '((?:"(?:[^"]|"")*"|\([^()"]*\)|[^",()])+)(?:,|$)', 'g') with ordinality m (piece, position);
  if array_to_string(pieces, ',') is distinct from p_columns or pieces is null then
    raise exception 'columns cannot be read: %', coalesce(quote_literal(p_columns), 'NULL')
      using errcode = 'TR021', hint = 'Write them as ''id bigint not null, total numeric(12,2), at timestamptz''.';
  end if;
  return (
    select jsonb_agg(pgtrickle_internal.column_definition(p.piece) order by p.position)
    from unnest(pieces) with ordinality p (piece, position));
end
$$;
comment on function pgtrickle_internal.column_definitions(text) is
  'Columns written as in CREATE TABLE, as an array of {name, type, not_null}; TR021.';

-- PostgreSQL's own parser reads name and type, and nothing of the text is run.
create function pgtrickle_internal.column_definition(p_text text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[] := regexp_match(p_text, '^\s*("(?:[^"]|"")+"|[^\s"]+)\s+(\S.*)$');
  type_text text := regexp_replace(parts[2], '\s+(not\s+)?null\s*$', '', 'i');
  names text[];
  type_oid oid;
  type_name text;
begin
  begin
    names := parse_ident(parts[1]);
    type_oid := to_regtype(type_text);
    type_name := format_type(type_oid, to_regtypemod(type_text));
  exception when others then
    type_oid := null;
  end;
  if type_oid is null or array_length(names, 1) <> 1 or octet_length(names[1]) > 63
    or (select t.typnamespace <> 'pg_catalog'::regnamespace from pg_type t where t.oid = type_oid)
  then
    raise exception 'column cannot be read: %', quote_literal(btrim(p_text))
      using errcode = 'TR021', hint = 'A column is a name of at most 63 bytes, a type of PostgreSQL''s own, and NOT NULL if it must not be null. Defaults, constraints and collations are not for lake tables.';
  end if;
  return jsonb_build_object('name', names[1],
    -- A lake has one type of text.
    'type', regexp_replace(type_name, '^character varying(\[\])?$', 'text\1'),
    'not_null', p_text ~* '\snot\s+null\s*$');
end
$$;
comment on function pgtrickle_internal.column_definition(text) is 'One column as {name, type, not_null}; TR021.';
