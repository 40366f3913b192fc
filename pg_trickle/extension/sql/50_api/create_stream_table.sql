-- Runs as the caller, with the caller's search_path (so no SET search_path here): the temporary view makes PostgreSQL
-- itself check names, types and privileges of the query. Only the view goes on, never the text.
create function pgtrickle.create_stream_table(schema text, name text, query text, schedule text, mode text)
returns text
language plpgsql
as $$
declare
  view_name text := 'pgtrickle_view_' || pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '');
  result text;
begin
  perform pgtrickle_internal.check_may_create();
  execute pg_catalog.format(E'create temporary view pg_temp.%I as (%s\n)', view_name,
    pg_catalog.regexp_replace(create_stream_table.query, '[;[:space:]]+$', ''));
  -- Planning and starting (not running) the view checks SELECT on what it reads, as its owner, the caller.
  execute pg_catalog.format('explain select from pg_temp.%I', view_name);
  result := pgtrickle_internal.register_stream_table(
    pg_catalog.format('pg_temp.%I', view_name)::regclass, create_stream_table.schema, create_stream_table.name,
    create_stream_table.query, create_stream_table.schedule, create_stream_table.mode);
  execute pg_catalog.format('drop view pg_temp.%I', view_name);
  if create_stream_table.schedule is null then
    raise notice 'stream table % has no schedule: nothing refreshes it', result
      using hint = pg_catalog.format('select pgtrickle.alter_stream_table(%1$L, schedule => ''5s''); or, each time, by hand: select pgtrickle.refresh(%1$L);', result);
  end if;
  return result;
end
$$;
comment on function pgtrickle.create_stream_table(text, text, text, text, text) is
  'Creates schema.name, kept equal to the query over lake tables: schedule such as ''5 seconds'' (NULL: only by hand), mode DIFFERENTIAL or FULL.';

create function pgtrickle.create_stream_table(
  name text, query text, schedule text default null, mode text default 'DIFFERENTIAL')
returns text
language plpgsql
as $$
declare
  parts text[] := pg_catalog.parse_ident(create_stream_table.name);
begin
  if pg_catalog.array_length(parts, 1) > 2 then
    raise exception 'the name "%" has too many parts', create_stream_table.name using errcode = 'TR021';
  end if;
  return pgtrickle.create_stream_table(
    case when pg_catalog.array_length(parts, 1) = 2 then parts[1] else pg_catalog.current_schema()::text end,
    parts[pg_catalog.array_length(parts, 1)],
    create_stream_table.query, create_stream_table.schedule, create_stream_table.mode);
end
$$;
comment on function pgtrickle.create_stream_table(text, text, text, text) is
  'The same with a name such as event_summary (in the current schema) or public.event_summary.';
