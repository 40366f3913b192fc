-- The lake tables that a stream table reads.
create table pgtrickle_internal.sources (
  stream_table_id bigint not null,
  relid regclass not null,
  relation_name text not null,
  frontier_key text not null,
  lake_schema text not null,
  lake_table text not null,
  lake_columns text[],
  constraint sources_pkey primary key (stream_table_id, frontier_key),
  constraint sources_stream_table_fkey foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade
);
comment on table pgtrickle_internal.sources is
  'Lake tables of a stream table: relation_name as view_definition spells it (lake.events), the key in the frontier (ducklake:lake.events), the table in the lake (main.events), the columns that the query names (NULL: not known).';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.sources', '');

create function pgtrickle_internal.check_sources(p_id bigint, p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  missing text[];
begin
  for source in select s.* from pgtrickle_internal.sources s where s.stream_table_id = p_id loop
    if not exists (select from pg_class where oid = source.relid and relkind = 'f') then
      raise exception 'source % of stream table % was dropped', source.relation_name, pgtrickle_internal.qualified_name(p_id)
        using errcode = 'TR016', hint = format('Make the foreign table again if it is not there, then give the stream table its query again, or another one: select pgtrickle.alter_stream_table(%L, query => ''…'');',
          pgtrickle_internal.qualified_name(p_id));
    end if;
    if (pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_snapshot)).table_id is null then
      raise exception 'lake table %.% (source % of stream table %) does not exist at snapshot %', source.lake_schema,
          source.lake_table, source.relation_name, pgtrickle_internal.qualified_name(p_id), p_snapshot
        using errcode = 'TR016', hint = 'Choose a snapshot at which the table existed.';
    end if;
    missing := pgtrickle_internal.missing_columns(source.lake_schema, source.lake_table, source.lake_columns, p_snapshot);
    if missing[1] is not null then
      raise exception 'lake table %.% had no column % at snapshot %', source.lake_schema, source.lake_table,
          (select string_agg(quote_ident(m.name), ', ') from unnest(missing) as m (name)), p_snapshot
        using errcode = 'TR016', hint = format('The query of stream table %1$s needs it: choose a snapshot at which it was there. Where it was dropped since: add it again, or give the stream table a query without it: select pgtrickle.alter_stream_table(%1$L, query => ''…'');',
          pgtrickle_internal.qualified_name(p_id));
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.check_sources(bigint, bigint) is
  'TR016 if a source of a stream table was dropped here, or does not exist in the lake at that snapshot, or lacks a column of the query there.';

-- Whether commits changed what a stream table reads between two snapshots.
create function pgtrickle_internal.source_changes(
  p_id bigint, p_from bigint, p_to bigint,
  out is_readable boolean, out reason text, out snapshot_count integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  source record;
  before record;
  after record;
  part record;
begin
  is_readable := false;
  if p_from > p_to then
    reason := format('snapshot %s is before %s', p_to, p_from);
  elsif not pgtrickle_internal.snapshot_exists(p_from) then
    reason := format('snapshot %s was expired', p_from);
  elsif pgtrickle_internal.lake_has_hole(p_from, p_to) then
    reason := format('snapshots between %s and %s were expired', p_from, p_to);
  end if;
  if reason is not null then
    return;
  end if;
  snapshot_count := 0;
  for source in select s.* from pgtrickle_internal.sources s where s.stream_table_id = p_id loop
    before := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_from);
    after := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, p_to);
    if before.table_id is distinct from after.table_id or after.table_id is null then
      reason := format('lake table %s was created, replaced or dropped', source.relation_name);
      return;
    elsif before.schema_version is distinct from after.schema_version then
      reason := format('columns of lake table %s were changed', source.relation_name);
      return;
    end if;
    part := pgtrickle_internal.table_changes(after.table_id, p_from, p_to);
    if not part.is_readable then
      reason := part.reason;
      return;
    end if;
    snapshot_count := snapshot_count + part.snapshot_count;
  end loop;
  is_readable := true;
end
$$;
comment on function pgtrickle_internal.source_changes(bigint, bigint, bigint) is
  'How many snapshots of (from, to] changed rows of the sources (0: none), or why that cannot be told.';

create function pgtrickle_internal.is_unchanged(p_id bigint, p_from bigint, p_to bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes record := pgtrickle_internal.source_changes(p_id, p_from, p_to);
begin
  return changes.is_readable and changes.snapshot_count = 0;
end
$$;
comment on function pgtrickle_internal.is_unchanged(bigint, bigint, bigint) is
  'Whether no source of a stream table changed in (from, to].';

create function pgtrickle_internal.source_size(p_id bigint, p_snapshot bigint, out rows numeric, out files bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  select coalesce(sum(size.rows), 0), coalesce(sum(size.files), 0)::bigint into rows, files
    from pgtrickle_internal.sources s
    cross join lateral pgtrickle_internal.lake_table_at(s.lake_schema, s.lake_table, p_snapshot) t
    cross join lateral pgtrickle_internal.lake_table_size(t.table_id, p_snapshot) size
    where s.stream_table_id = p_id;
end
$$;
comment on function pgtrickle_internal.source_size(bigint, bigint) is
  'Rows and data files that a recomputation at a snapshot reads, as the catalog has them (inlined rows not counted).';

-- Commits of the lake that a stream table can notice.
create function pgtrickle_internal.source_commits(p_ids bigint[], p_from bigint, p_to bigint)
returns table (snapshot_id bigint, kinds text[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with tables as (
      select distinct t.table_id::text as table_id
      from pgtrickle_internal.sources s
      cross join lateral pgtrickle_internal.lake_table_ids(s.lake_schema, s.lake_table) as t (table_id)
      where s.stream_table_id = any (p_ids))
    select c.snapshot_id, array_agg(distinct c.kind order by c.kind)
    from pgtrickle_internal.snapshot_changes(p_from, p_to) c
    join tables t on t.table_id = c.subject
    where c.kind in ('inserted_into_table', 'inlined_insert', 'deleted_from_table', 'inlined_delete',
      'altered_table', 'dropped_table')
    group by c.snapshot_id;
end
$$;
comment on function pgtrickle_internal.source_commits(bigint[], bigint, bigint) is
  'Snapshots of (from, to] that changed the sources of these stream tables.';

create function pgtrickle_internal.snapshot_rows(p_id bigint)
returns table (snapshot_id bigint, rows_added bigint, rows_removed bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select r.* from pgtrickle_internal.lake_table_rows(array(
      select distinct t.table_id
      from pgtrickle_internal.sources s
      cross join lateral pgtrickle_internal.lake_table_ids(s.lake_schema, s.lake_table) as t (table_id)
      where s.stream_table_id = p_id)) r;
end
$$;
comment on function pgtrickle_internal.snapshot_rows(bigint) is
  'Rows of its sources that each snapshot added and removed, as far as the catalog tells.';
