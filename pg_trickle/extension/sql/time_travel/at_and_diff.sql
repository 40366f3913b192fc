-- The rows of a stream table at a snapshot, and what going there would change: at(), diff().

-- The past is read from the lake. The undo journal takes its place where the engine is known to be away.
create function pgtrickle_internal.reading_restore_point(p_id bigint, p_snapshot bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  restore_point bigint;
begin
  perform pgtrickle_internal.lock_contents(p_id);
  perform pgtrickle_internal.hold_snapshot(p_snapshot);
  if exists (select from pgtrickle_internal.lake_health h where not h.is_healthy) then
    restore_point := pgtrickle_internal.restore_point(p_id, pgtrickle_internal.restore_point_snapshot_id(p_id, p_snapshot));
  end if;
  if restore_point is null then
    perform pgtrickle_internal.check_sources(p_id, p_snapshot);
  end if;
  return restore_point;
end
$$;
comment on function pgtrickle_internal.reading_restore_point(bigint, bigint) is
  'Refresh to which the journal is undone in order to read a snapshot; NULL: the engine reads it.';

create function pgtrickle_reading.at(p_row_type anyelement, p_snapshot bigint, p_caller pgtrickle_reading.caller)
returns setof anyelement
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  id bigint := pgtrickle_reading.id_of_row_type(pg_typeof(p_row_type), p_caller);
  restore_point bigint := pgtrickle_internal.reading_restore_point(id, p_snapshot);
begin
  if restore_point is not null then
    return query execute pgtrickle_internal.undo_rows_sql(id) using restore_point;
  else
    return query execute pgtrickle_internal.target_rows_sql(id) using pgtrickle_internal.plan_text(id), p_snapshot;
  end if;
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Try again when it is back.';
end
$$;
comment on function pgtrickle_reading.at(anyelement, bigint, pgtrickle_reading.caller) is 'Behind pgtrickle.at().';

create function pgtrickle.at(row_type anyelement, snapshot_id bigint) returns setof anyelement
language sql
as $$ select r.* from pgtrickle_reading.at($1, $2, (select c from pgtrickle_reading.caller c)) r $$;
comment on function pgtrickle.at(anyelement, bigint) is
  'The rows of a stream table at a snapshot: select * from pgtrickle.at(null::public.event_summary, 42).';

create function pgtrickle_internal.diff_rows_sql(p_layout jsonb, p_expected text, p_actual text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format($sql$
    with weighted as (
      select 1 as weight, row(%1$s)::%2$s as value from (%3$s) r
      union all
      select -1, row(%1$s)::%2$s from (%4$s) r)
    select case when n.weight < 0 then '-' else '+' end, n.value
    from (
      select w.value::text as image, sum(w.weight) as weight, (array_agg(w.value))[1] as value
      from weighted w group by 1 having sum(w.weight) <> 0) n
    cross join generate_series(1, abs(n.weight))
    order by n.image collate "C", 1$sql$,
    pgtrickle_internal.column_list(p_layout -> 'public_columns', 'r'), p_layout ->> 'public', p_expected, p_actual);
end
$$;
comment on function pgtrickle_internal.diff_rows_sql(jsonb, text, text) is
  'SELECT of what turns the rows of one query (actual) into those of another (expected): change, row.';

create function pgtrickle_reading.diff(p_row_type anyelement, p_snapshot bigint, p_caller pgtrickle_reading.caller)
returns table (change text, "row" anyelement)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
as $$
declare
  v_id bigint := pgtrickle_reading.id_of_row_type(pg_typeof(p_row_type), p_caller);
  restore_point bigint := pgtrickle_internal.reading_restore_point(v_id, p_snapshot);
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = v_id);
begin
  if restore_point is not null then
    return query execute pgtrickle_internal.diff_rows_sql(layout,
        pgtrickle_internal.undo_rows_sql(v_id), pgtrickle_internal.contents_rows_sql(v_id)) using restore_point;
  else
    return query execute pgtrickle_internal.diff_rows_sql(layout,
        pgtrickle_internal.target_rows_sql(v_id), pgtrickle_internal.contents_rows_sql(v_id))
      using pgtrickle_internal.plan_text(v_id), p_snapshot;
  end if;
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Try again when it is back.';
end
$$;
comment on function pgtrickle_reading.diff(anyelement, bigint, pgtrickle_reading.caller) is 'Behind pgtrickle.diff().';

create function pgtrickle.diff(row_type anyelement, snapshot_id bigint) returns table (change text, "row" anyelement)
language sql
as $$ select d.* from pgtrickle_reading.diff($1, $2, (select c from pgtrickle_reading.caller c)) d $$;
comment on function pgtrickle.diff(anyelement, bigint) is
  'What going to a snapshot would change: - for rows that would go, + for rows that would come.';
