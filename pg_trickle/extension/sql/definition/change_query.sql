-- Another query for a stream table that is there. Its rows are computed first, into relations that nobody else can see, while readers and
-- refreshes go on; then the table is taken for a moment, and rows, columns and registry are exchanged.

-- Before the view, so that the messages are about the stream table.
create function pgtrickle_internal.check_may_change_query(p_name text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(p_name);
begin
  perform pgtrickle_internal.authorise(v_id, 'alter');
  perform pgtrickle_internal.check_may_create();
  perform pgtrickle_internal.check_not_rewinding(v_id);
end
$$;
comment on function pgtrickle_internal.check_may_change_query(text) is 'What must be true before the query of a stream table can be changed.';
grant execute on function pgtrickle_internal.check_may_change_query(text) to pgtrickle_admin;

create function pgtrickle_internal.check_not_rewinding(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_no_operation(array[p_id]);
  perform pgtrickle_internal.check_only_person_holds(p_id, 'change its query');
end
$$;
comment on function pgtrickle_internal.check_not_rewinding(bigint) is 'TR008 naming the rewind that a stream table belongs to, or is held by.';

-- Paused it stays where it stands, as with refresh(…, 'FULL'); else it comes to head, as with every refresh.
create function pgtrickle_internal.change_query(
  p_view regclass, p_name text, p_query text, p_schedule text, p_mode text, p_holds_something boolean) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
-- pg_get_viewdef prints constants through these.
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(p_name);
  caller regrole := pgtrickle_internal.check_own_view(p_view);
  st pgtrickle_internal.stream_tables;
  wanted pgtrickle_internal.stream_tables;
  sources jsonb;
  is_paused boolean;
  target bigint;
  states pgtrickle_internal.lake_state[];
  staged text;
  is_view_outdated boolean;
  moved record;
begin
  perform pgtrickle_internal.authorise(v_id, 'alter');
  st := pgtrickle_internal.begin_change(v_id);
  is_paused := cardinality(pgtrickle_internal.holders(v_id)) > 0;
  target := pgtrickle_internal.target_of_change(st, is_paused);
  sources := pgtrickle_internal.view_sources(p_view, caller);
  wanted := pgtrickle_internal.described(st, p_view, p_query, sources, p_schedule, p_mode);
  is_view_outdated := pgtrickle_internal.replace_sources(v_id, sources);
  perform pgtrickle_internal.create_hidden_relations(wanted.layout);
  staged := pgtrickle_internal.create_staging(wanted.layout);
  states := pgtrickle_internal.stage_query(wanted, staged, target);
  perform pgtrickle_internal.take_whole(v_id, array[st.layout ->> 'base', st.layout ->> 'journal',
    case when is_view_outdated then pgtrickle_internal.changes_view_of(v_id)::text end], p_holds_something);
  moved := pgtrickle_internal.exchange(st.layout, wanted.layout, staged);
  if is_view_outdated then
    perform pgtrickle_internal.renew_changes_view(v_id);
  end if;
  perform pgtrickle_internal.publish_query(wanted, target, is_paused, pgtrickle_internal.manifest_of_change(wanted, states),
    moved.rows_removed, moved.rows_added);
  perform pgtrickle_internal.drop_hidden_relations(st.layout);
  perform pgtrickle_internal.drop_row_types(st.layout);
  if staged <> wanted.layout ->> 'base' then
    execute format('drop table %s', staged);
  end if;
  execute format('analyze %s, %s', wanted.layout ->> 'public', wanted.layout ->> 'base');
end
$$;
comment on function pgtrickle_internal.change_query(regclass, text, text, text, text, boolean) is
  'Gives a stream table the query of a temporary view of the caller. Private part of pgtrickle.alter_stream_table().';
grant execute on function pgtrickle_internal.change_query(regclass, text, text, text, text, boolean) to pgtrickle_admin;

-- One change of a table at a time. The second is told so: it would wait for minutes, and then replace what it has not seen.
create function pgtrickle_internal.begin_change(p_id bigint) returns pgtrickle_internal.stream_tables
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
begin
  if not pg_try_advisory_xact_lock(pgtrickle_internal.move_class() - 1, p_id::integer) then
    raise exception 'the query of stream table % is being changed by another session', pgtrickle_internal.qualified_name(p_id)
      using errcode = '55P03', hint = 'Wait until that one has ended, then look at its query.';
  end if;
  -- Its sources will refer to the row, so nobody drops it from here on.
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id for key share;
  if st.id is null then
    raise exception 'stream table % was dropped in the meantime', p_id
      using errcode = 'TR001', hint = pgtrickle_internal.known_names();
  end if;
  perform pgtrickle_internal.check_not_rewinding(p_id);
  return st;
end
$$;
comment on function pgtrickle_internal.begin_change(bigint) is 'The registry row of a stream table whose query nobody else changes until the end of the transaction.';

create function pgtrickle_internal.target_of_change(p_st pgtrickle_internal.stream_tables, p_is_paused boolean) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  target bigint := coalesce(case when p_is_paused then p_st.frontier_snapshot end, pgtrickle_internal.lake_head());
begin
  if not pgtrickle_internal.snapshot_exists(target) then
    raise exception 'stream table % is paused at snapshot %, which was expired: another query cannot be computed there',
        pgtrickle_internal.qualified_name(p_st.id), target
      using errcode = 'TR005', hint = format('Resume it first: select pgtrickle.resume_scheduler(array[%L]); or rewind it to a snapshot that the lake has.',
        pgtrickle_internal.qualified_name(p_st.id));
  end if;
  return target;
end
$$;
comment on function pgtrickle_internal.target_of_change(pgtrickle_internal.stream_tables, boolean) is
  'The snapshot of the first rows of another query: the frontier of a paused table, else head.';

create function pgtrickle_internal.described(p_st pgtrickle_internal.stream_tables, p_view regclass, p_query text, p_sources jsonb,
  p_schedule text, p_mode text) returns pgtrickle_internal.stream_tables
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted pgtrickle_internal.stream_tables := p_st;
begin
  perform pgtrickle_internal.check_view_calls(p_view);
  wanted.mode := pgtrickle_internal.checked_table_mode(coalesce(p_mode, p_st.mode));
  wanted.schedule := coalesce(pgtrickle_internal.checked_schedule(p_schedule), p_st.schedule);
  wanted.defining_query := p_query;
  wanted.view_definition := rtrim(pg_get_viewdef(p_view), '; ');
  wanted.settings := jsonb_build_object('TimeZone', current_setting('TimeZone'));
  wanted.description := pgtrickle_internal.describe_query(wanted.view_definition, p_sources, wanted.settings);
  -- no relation of the query before has this name
  wanted.layout := pgtrickle_internal.build_layout(wanted, p_view, p_sources,
    format('%s_%s', p_st.id, nextval('pgtrickle_internal.refreshes_id_seq')));
  -- it has no rows yet
  wanted.contents_snapshot := null;
  return wanted;
end
$$;
comment on function pgtrickle_internal.described(pgtrickle_internal.stream_tables, regclass, text, jsonb, text, text) is
  'The registry row of a stream table as it will be with the query of a view; checked as at its creation.';
