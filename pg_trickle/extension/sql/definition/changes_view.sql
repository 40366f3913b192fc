-- The view of what a stream table has not consumed yet: how it is made, what it asks of the engine when it is read, how it is found again and dropped.

-- changes_<oid of the stream table>: what its sources have changed since its frontier. One source gives its own columns,
-- several give each row as JSON. Only who may read the source sees anything, whoever owns the view.
create function pgtrickle_internal.create_changes_view(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
  source record;
  view_name text;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  for source in
    select s.*, row_number() over (order by s.frontier_key) as position
    from pgtrickle_internal.sources s where s.stream_table_id = p_id order by s.frontier_key
  loop
    perform pgtrickle_internal.create_source_table(pgtrickle_internal.changes_table_name(p_id, source.position), 'changes',
      'to_snapshot bigint, reads text, snapshot_id bigint, rowid bigint, sign smallint', source.relid);
  end loop;
  view_name := format('pgtrickle_changes.changes_%s', st.relid::oid);
  execute format('create view %s with (security_barrier) as %s', view_name, pgtrickle_internal.changes_query(p_id));
  execute format('comment on view %s is %L', view_name,
    format('Changes of the sources of stream table %s that it has not consumed yet.', pgtrickle_internal.qualified_name(p_id)));
  execute format('grant select on %s to %s with grant option', view_name, st.created_by);
end
$$;
comment on function pgtrickle_internal.create_changes_view(bigint) is 'Makes the view of the pending changes of a stream table.';

create function pgtrickle_internal.changes_query(p_id bigint) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select string_agg(
      pgtrickle_internal.changes_part_sql(p_id, s.relid, s.relation_name, s.position, s.source_count = 1), E'\nunion all\n' order by s.position)
    from (
      select s.*, row_number() over (order by s.frontier_key) as position, count(*) over () as source_count
      from pgtrickle_internal.sources s where s.stream_table_id = p_id) s);
end
$$;
comment on function pgtrickle_internal.changes_query(bigint) is 'What the view of the pending changes of a stream table reads.';

create function pgtrickle_internal.changes_part_sql(
  p_id bigint, p_relid regclass, p_relation text, p_position bigint, p_is_only boolean) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- names, not oids: the view must mean the same after a restore. Every value by a subselect of its own: shipped as a parameter; and no call of the engine when nothing is pending
  return format($sql$
    select c.snapshot_id, c.rowid, case c.sign when 1 then '+' else '-' end as change, %1$s
    from %2$s c
    where (select has_table_privilege(current_user, %3$L, 'select'))
      and (select p.reads <> '' from pgtrickle_changes.pending(%4$s, %3$L) p)
      and c.plan = (select p.plan from pgtrickle_changes.pending(%4$s, %3$L) p)
      and c.to_snapshot = (select p.to_snapshot from pgtrickle_changes.pending(%4$s, %3$L) p)
      and c.reads = (select p.reads from pgtrickle_changes.pending(%4$s, %3$L) p)$sql$,
    case when p_is_only then (
        select string_agg(format('c.x%s as %I', s.ordinal, case when s.name in ('snapshot_id', 'rowid', 'change')
          then 'source_' || s.name else s.name::text end), ', ' order by s.ordinal)
        from pgtrickle_internal.source_columns(p_relid) s)
      else format('%L::text as source, jsonb_build_object(%s) as "row"', p_relation, (
        select string_agg(format('%L, c.x%s', s.name, s.ordinal), ', ' order by s.ordinal)
        from pgtrickle_internal.source_columns(p_relid) s)) end,
    pgtrickle_internal.changes_table_name(p_id, p_position), p_relation, p_id);
end
$$;
comment on function pgtrickle_internal.changes_part_sql(bigint, regclass, text, bigint, boolean) is
  'The part of a changes view that reads one source.';

create function pgtrickle_internal.changes_table_name(p_id bigint, p_position bigint) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select format('pgtrickle_lake.c_%s_%s', p_id, p_position) $$;
comment on function pgtrickle_internal.changes_table_name(bigint, bigint) is
  'Foreign table through which the changes of one source of a stream table are read.';

-- What a changes view asks the engine for: files, positions and the name of the lake table, nothing of their contents.
create function pgtrickle_changes.pending(p_id bigint, p_relation text, out plan text, out to_snapshot bigint, out reads text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  st pgtrickle_internal.stream_tables;
  source pgtrickle_internal.sources;
  lake_table text;
  before record;
  after record;
  found_reads pgtrickle_internal.delta_reads;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  select s.* into source from pgtrickle_internal.sources s where s.stream_table_id = p_id and s.relation_name = p_relation;
  to_snapshot := pgtrickle_internal.lake_head();
  lake_table := format('%I.%I', source.lake_schema, source.lake_table);
  plan := json_build_object('table', lake_table)::text;
  before := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, st.frontier_snapshot);
  after := pgtrickle_internal.lake_table_at(source.lake_schema, source.lake_table, to_snapshot);
  if before.table_id is distinct from after.table_id then
    found_reads.obstacle := format('lake table %s was created, replaced, renamed or dropped', source.relation_name);
  elsif before.schema_version is distinct from after.schema_version then
    found_reads.obstacle := format('columns of lake table %s were changed', source.relation_name);
  elsif st.manifest_ids is not null and st.frontier_snapshot = st.contents_snapshot then
    found_reads := pgtrickle_internal.delta_reads(st.manifest_ids[(
        select count(*) from pgtrickle_internal.sources s where s.stream_table_id = p_id and s.frontier_key <= source.frontier_key)], lake_table, after.table_id, to_snapshot);
  else
    found_reads := pgtrickle_internal.dated_reads(lake_table, after.table_id, st.frontier_snapshot, to_snapshot);
  end if;
  if found_reads.obstacle is not null then
    raise exception 'the changes of % after snapshot % cannot be read: %', source.relation_name, st.frontier_snapshot, found_reads.obstacle
      using errcode = 'TR018', hint = 'The next refresh recomputes the stream table; after it, changes can be read again.';
  end if;
  reads := case when found_reads.file_count + found_reads.row_count > 0 then found_reads.reads else '' end;
end
$$;
comment on function pgtrickle_changes.pending(bigint, text) is 'What a view changes_<oid> shows, for the engine; reads is empty if nothing is pending.';

-- Found by what it reads, not by its name: after a restore the oid in the name is an old one.
create function pgtrickle_internal.changes_view_of(p_id bigint) returns regclass
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select r.ev_class::regclass
    from pg_depend d
    join pg_rewrite r on r.oid = d.objid
    join pg_class v on v.oid = r.ev_class
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
      and d.refobjid = to_regclass(pgtrickle_internal.changes_table_name(p_id, 1))
      and v.relnamespace = 'pgtrickle_changes'::regnamespace
    limit 1);
end
$$;
comment on function pgtrickle_internal.changes_view_of(bigint) is 'The changes view of a stream table, or NULL.';

create function pgtrickle_internal.drop_changes_view(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes_view regclass := pgtrickle_internal.changes_view_of(p_id);
  part text;
begin
  if changes_view is not null then
    execute format('drop view %s', changes_view);
  end if;
  for part in
    select format('pgtrickle_lake.%I', c.relname) from pg_class c
    where c.relnamespace = 'pgtrickle_lake'::regnamespace and c.relname ~ format('^c_%s_[0-9]+$', p_id)
  loop
    execute format('drop foreign table %s', part);
  end loop;
end
$$;
comment on function pgtrickle_internal.drop_changes_view(bigint) is 'Drops the view of the pending changes of a stream table.';
