-- Why a stream table stands still. A hold has a holder, so that a resume by hand cannot undo a rewind's pause.
create table pgtrickle_internal.holds (
  stream_table_id bigint not null,
  holder text not null,
  held_by name not null,
  held_at timestamptz not null default clock_timestamp(),
  reason text,
  constraint holds_one_per_holder primary key (stream_table_id, holder),
  constraint holds_holder_is_named check (holder <> ''),
  constraint holds_stream_table_fkey foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade
);
comment on table pgtrickle_internal.holds is
  'A stream table with a hold is PAUSED. holder is person (pause_scheduler) or a name such as rewind:<namespace>/<name>.';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.holds', '');

create function pgtrickle_internal.holders(p_id bigint) returns text[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(h.holder order by h.held_at, h.holder), '{}')
    from pgtrickle_internal.holds h where h.stream_table_id = p_id);
end
$$;
comment on function pgtrickle_internal.holders(bigint) is 'Who holds a stream table, the oldest hold first.';

create function pgtrickle_internal.add_hold(p_id bigint, p_holder text, p_reason text default null) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.lock_publication(p_id);
  insert into pgtrickle_internal.holds (stream_table_id, holder, held_by, reason)
    values (p_id, p_holder, pgtrickle_internal.caller(), p_reason)
    on conflict do nothing;
  if not found then
    return false;
  end if;
  update pgtrickle_internal.stream_tables s set generation = s.generation + 1 where s.id = p_id;
  return true;
end
$$;
comment on function pgtrickle_internal.add_hold(bigint, text, text) is
  'Pauses a stream table for a holder; a refresh under way will not publish. False if it was held by that holder already.';

create function pgtrickle_internal.drop_hold(p_id bigint, p_holder text) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.lock_publication(p_id);
  delete from pgtrickle_internal.holds where stream_table_id = p_id and holder = p_holder;
  if not found then
    return false;
  end if;
  -- Free again: due at once, so that it catches up.
  update pgtrickle_internal.stream_tables s set generation = s.generation + 1, next_due_at = clock_timestamp() where s.id = p_id;
  return true;
end
$$;
comment on function pgtrickle_internal.drop_hold(bigint, text) is 'Releases a holder''s pause; false if there was none.';

create function pgtrickle_internal.check_not_held(p_id bigint, p_action text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  holders text[] := pgtrickle_internal.holders(p_id);
begin
  if cardinality(holders) > 0 then
    raise exception 'cannot %: stream table % is paused by %', p_action, pgtrickle_internal.qualified_name(p_id),
        array_to_string(holders, ', ')
      using errcode = 'TR008',
        hint = 'refresh(…, ''FULL'') rebuilds it at its frontier while it is paused; resume_scheduler(…) releases a person''s pause.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_not_held(bigint, text) is 'TR008, naming the holders, if a stream table is paused.';

create function pgtrickle_internal.check_only_person_holds(p_id bigint, p_action text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  others text := (select string_agg(h.holder, ', ' order by h.holder)
    from pgtrickle_internal.holds h where h.stream_table_id = p_id and h.holder <> 'person');
begin
  if others is not null then
    raise exception 'cannot %: stream table % is held by %', p_action, pgtrickle_internal.qualified_name(p_id), others
      using errcode = 'TR008', hint = 'Wait until the holder releases it.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_only_person_holds(bigint, text) is 'TR008 if somebody else than a person holds a stream table.';

create function pgtrickle_internal.check_held(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(pgtrickle_internal.holders(p_id)) = 0 then
    raise exception 'stream table % is not paused', pgtrickle_internal.qualified_name(p_id)
      using errcode = 'TR007',
        hint = format('select pgtrickle.pause_scheduler(array[%L]);', pgtrickle_internal.qualified_name(p_id));
  end if;
end
$$;
comment on function pgtrickle_internal.check_held(bigint) is 'TR007 unless a stream table is paused.';
