-- A stream table for oneself, to put another query in. As a drop does: only the table itself is waited for, 200 ms at a time, with nothing
-- else in hand that others would wait for; its parts are free then, but for a look that passes in a moment. No refresh is under way
-- afterwards, and whoever comes later waits with empty hands.
create function pgtrickle_internal.take_whole(p_id bigint, p_parts text[], p_holds_something boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
  patience text := current_setting('lock_timeout');
  patience_ms bigint := coalesce(
    nullif((select s.setting::bigint from pg_settings s where s.name = 'lock_timeout'), 0), 30000);
  deadline timestamptz := clock_timestamp() + patience_ms * interval '1 millisecond';
  part text;
begin
  loop
    begin
      perform set_config('lock_timeout', case when p_holds_something then '1ms' else '200ms' end, true);
      begin
        execute format('lock table only %s in access exclusive mode', layout ->> 'public');
      exception when undefined_table or invalid_schema_name then
        null;
      end;
      -- TR001 if another one has dropped it meanwhile
      perform pgtrickle_internal.lock_contents(p_id);
      perform set_config('lock_timeout', case when p_holds_something then '1ms' else '20ms' end, true);
      foreach part in array array_remove(p_parts, null) loop
        execute format('lock table %s in access exclusive mode', part);
      end loop;
      perform set_config('lock_timeout', patience, true);
      return;
    exception when lock_not_available then
      perform pgtrickle_internal.make_way(p_id, p_holds_something), pg_sleep(0.02);
    end;
    if clock_timestamp() > deadline then
      raise exception 'the query of stream table % cannot be changed: for % s it was in use by backend %',
          pgtrickle_internal.qualified_name(p_id), round(patience_ms / 1000.0, 1), pgtrickle_internal.users_of(p_id)
        using errcode = '55P03',
          hint = 'Nothing was changed. A long refresh, or an open transaction that has read it: look in pg_stat_activity. After pause_scheduler() no further refresh begins.';
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.take_whole(bigint, text[], boolean) is
  'Locks a stream table and these parts of it against everybody; 55P03 if somebody uses it for longer than lock_timeout, by default half a minute.';
