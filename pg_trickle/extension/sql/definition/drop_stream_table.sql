-- Whoever drops a stream table waits for one lock only, and holds none meanwhile: that on the table itself, which everybody takes
-- first who reads or moves its rows. What belongs to it is then taken at once or not at all; if not, everything is let go and tried
-- again. So nobody waits in a circle with a drop, whatever order he goes in. A transaction that has written before (a pause of
-- this table, say) may be waited for by others: it waits for nothing at all, and tries again.
create function pgtrickle.drop_stream_table(name text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(drop_stream_table.name);
  patience text := current_setting('lock_timeout');
  patience_ms bigint := coalesce(
    nullif((select s.setting::bigint from pg_settings s where s.name = 'lock_timeout'), 0), 30000);
  deadline timestamptz := clock_timestamp() + patience_ms * interval '1 millisecond';
  holds_nothing boolean := pg_current_xact_id_if_assigned() is null;
begin
  perform pgtrickle_internal.authorise(v_id, 'drop');
  loop
    begin
      perform pgtrickle_internal.drop_relations(v_id, case when holds_nothing then '200ms' else '1ms' end);
      perform set_config('lock_timeout', patience, true);
      return;
    exception when lock_not_available then
      perform pgtrickle_internal.make_way(v_id, true), pg_sleep(0.02);
    end;
    if clock_timestamp() > deadline then
      raise exception 'stream table % cannot be dropped: for % s it was in use by backend %',
          pgtrickle_internal.qualified_name(v_id), round(patience_ms / 1000.0, 1), pgtrickle_internal.users_of(v_id)
        using errcode = '55P03',
          hint = 'A long refresh, or an open transaction that has read it: look in pg_stat_activity. After pause_scheduler() no further refresh begins.';
    end if;
  end loop;
end
$$;
comment on function pgtrickle.drop_stream_table(text) is
  'Drops a stream table with its hidden state and journal. Fails while another object depends on it, a rewind holds it, or somebody uses it for longer than lock_timeout, by default half a minute.';
grant execute on function pgtrickle.drop_stream_table(text) to pgtrickle_admin;

-- The table may be waited for; the rest is waited for only in order not to fail because of a look that passes in a moment. Both are
-- well below deadlock_timeout: nobody who waits for this looks for a circle meanwhile.
create function pgtrickle_internal.drop_relations(p_id bigint, p_patience text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  perform set_config('lock_timeout', p_patience, true);
  begin
    if layout is not null then
      execute format('lock table only %s in access exclusive mode', layout ->> 'public');
    end if;
  exception when undefined_table or invalid_schema_name then
    null;
  end;
  -- TR001 if another one has dropped it meanwhile
  perform pgtrickle_internal.lock_contents(p_id);
  -- its query may have been changed while this waited, and its parts are other ones then
  layout := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
  perform set_config('lock_timeout', case p_patience when '1ms' then '1ms' else '20ms' end, true);
  perform from pgtrickle_internal.stream_tables s where s.id = p_id for update;
  perform pgtrickle_internal.check_only_person_holds(p_id, 'drop it');
  perform pgtrickle_internal.drop_changes_view(p_id);
  -- Out of the registry first: from then on it is an ordinary table, which the guards let go.
  delete from pgtrickle_internal.stream_tables s where s.id = p_id;
  perform pgtrickle_internal.drop_hidden_relations(layout);
  execute format('drop table %s', layout ->> 'public');
  perform pgtrickle_internal.drop_row_types(layout);
end
$$;
comment on function pgtrickle_internal.drop_relations(bigint, text) is
  'Drops a stream table and all that belongs to it, or fails with 55P03 if somebody uses it for so long, or a part of it.';

-- Whoever is about to publish the table may wait for the caller, who has paused it in the same transaction. And an autovacuum gives
-- way only to who has waited for it for as long as deadlock_timeout, which nobody does here.
create function pgtrickle_internal.make_way(p_id bigint, p_is_awaited boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_cancel_backend(l.pid)
    from pg_locks l
    left join pg_stat_activity a on a.pid = l.pid
    where l.pid <> pg_backend_pid() and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and (p_is_awaited and l.locktype = 'advisory' and l.classid = pgtrickle_internal.lock_class() and l.objid = p_id and l.objsubid = 2
        or l.locktype = 'relation' and a.backend_type = 'autovacuum worker'
          and l.relation in (select r.relid from pgtrickle_internal.relations_of(p_id) r (relid)));
end
$$;
comment on function pgtrickle_internal.make_way(bigint, boolean) is
  'Cancels the autovacuum of the parts of a stream table and, if others may wait for the caller, who publishes it.';

create function pgtrickle_internal.relations_of(p_id bigint) returns setof regclass
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select to_regclass(s.layout ->> part)
    from pgtrickle_internal.stream_tables s, unnest(array['public', 'base', 'journal', 'recompute', 'delta']) part
    where s.id = p_id and s.layout ? part
    union all
    select to_regclass(l.item ->> part)
    from pgtrickle_internal.stream_tables s, jsonb_array_elements(s.layout #> '{top,leaves}') l (item), unnest(array['table', 'changes']) part
    where s.id = p_id and to_regclass(l.item ->> part) is not null;
end
$$;
comment on function pgtrickle_internal.relations_of(bigint) is 'The relations that a stream table consists of.';

create function pgtrickle_internal.users_of(p_id bigint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((
    select string_agg(distinct l.pid::text, ', ') from pg_locks l
    where l.locktype = 'relation' and l.granted and l.pid <> pg_backend_pid()
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and l.relation in (select r.relid from pgtrickle_internal.relations_of(p_id) r (relid))), 'unknown');
end
$$;
comment on function pgtrickle_internal.users_of(bigint) is 'Backends that use a stream table or a part of it, for a message.';
