-- What of a stream table can be changed: its schedule, its mode, its query. The query is a story of its own: change_query.sql.

-- Runs as the caller, who must be able to read what a new query reads.
create function pgtrickle.alter_stream_table(
  name text, schedule text default null, mode text default null, query text default null) returns void
language plpgsql
as $$
declare
  -- others wait for what it holds
  holds_something boolean := pg_catalog.pg_current_xact_id_if_assigned() is not null;
  query_view regclass;
begin
  if alter_stream_table.query is null then
    perform pgtrickle_internal.alter_settings(alter_stream_table.name, alter_stream_table.schedule, alter_stream_table.mode);
    return;
  end if;
  perform pgtrickle_internal.check_may_change_query(alter_stream_table.name);
  query_view := pgtrickle_internal.view_of_query(alter_stream_table.query);
  perform pgtrickle_internal.change_query(query_view, alter_stream_table.name, alter_stream_table.query, alter_stream_table.schedule,
    alter_stream_table.mode, holds_something);
  execute pg_catalog.format('drop view %s', query_view);
end
$$;
comment on function pgtrickle.alter_stream_table(text, text, text, text) is
  'Changes schedule, mode or query; what is NULL stays. Another query: the table stays, and has its rows at the newest snapshot, or at its frontier while it is paused.';
grant execute on function pgtrickle.alter_stream_table(text, text, text, text) to pgtrickle_admin;

create function pgtrickle_internal.alter_settings(p_name text, p_schedule text, p_mode text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(p_name);
  new_schedule interval := pgtrickle_internal.checked_schedule(p_schedule);
  new_mode text := case when p_mode is not null then pgtrickle_internal.checked_table_mode(p_mode) end;
  incremental jsonb;
begin
  perform pgtrickle_internal.authorise(v_id, 'alter');
  perform pgtrickle_internal.lock_publication(v_id);
  select s.description -> 'incremental' into incremental from pgtrickle_internal.stream_tables s where s.id = v_id and s.layout ->> 'delta' is null;
  if new_mode = 'DIFFERENTIAL' and incremental is not null then
    raise exception 'the query cannot be maintained incrementally: %', coalesce(incremental ->> 'message', 'a GROUP BY expression is not among its columns')
      using errcode = 'TR009', detail = coalesce(incremental ->> 'code', 'HIDDEN_KEY'), hint = coalesce(incremental ->> 'hint', 'Nothing was changed. Modes AUTO and FULL recompute it at each refresh.');
  end if;
  update pgtrickle_internal.stream_tables s set
      schedule = coalesce(new_schedule, s.schedule), mode = coalesce(new_mode, s.mode), generation = s.generation + 1,
      next_due_at = least(s.next_due_at, clock_timestamp() + coalesce(new_schedule, s.schedule))
    where s.id = v_id;
end
$$;
comment on function pgtrickle_internal.alter_settings(text, text, text) is 'Changes schedule or mode of a stream table; what is NULL stays.';
grant execute on function pgtrickle_internal.alter_settings(text, text, text) to pgtrickle_admin;

create function pgtrickle_internal.checked_schedule(p_schedule text) returns interval
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  result interval;
begin
  begin
    result := p_schedule::interval;
  exception when others then
    result := interval '0';
  end;
  if result <= interval '0' then
    raise exception 'schedule % is not a time', quote_literal(p_schedule)
      using errcode = 'TR021', hint = 'Give an interval, such as ''5 seconds'' or ''1m''; NULL: refreshed only by hand.';
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.checked_schedule(text) is 'An interval above zero or NULL, else TR021.';
