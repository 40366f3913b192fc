-- An operator that was not heard of: how long that is, whose tables may then be resumed by whom, and what people are told before.

-- Four times as long as the operator lets pass between two signs of life, and as long as a deleted object may keep a table.

create function pgtrickle_rewind.silence_limit() returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select interval '2 minutes' $$;
comment on function pgtrickle_rewind.silence_limit() is
  'An operation whose operator was not heard of for longer may be taken over by resume_scheduler().';

create function pgtrickle_rewind.spoken_age(p_since timestamptz) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seconds bigint := greatest(0, extract(epoch from clock_timestamp() - p_since));
begin
  return case
    when v_seconds = 1 then '1 second'
    when v_seconds < 120 then v_seconds || ' seconds'
    when v_seconds < 120 * 60 then v_seconds / 60 || ' minutes'
    when v_seconds < 48 * 60 * 60 then v_seconds / (60 * 60) || ' hours'
    else v_seconds / (24 * 60 * 60) || ' days'
  end;
end;
$$;
comment on function pgtrickle_rewind.spoken_age(timestamptz) is 'How long ago that was, for a message.';

create function pgtrickle_rewind.may_resume(p_operation pgtrickle_rewind.operations) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return not exists (
    select from pgtrickle_internal.stream_tables s
    where s.id = any (p_operation.table_ids) and not pgtrickle_internal.may_manage(s.id));
end;
$$;
comment on function pgtrickle_rewind.may_resume(pgtrickle_rewind.operations) is
  'Whether the caller may manage every stream table of the operation.';

-- The name of a hold tells neither the cluster nor which of several rewinds of that name: it has to be about this table.

create function pgtrickle_rewind.open_holders(p_id bigint) returns setof pgtrickle_rewind.operations
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return query
    select o.*
    from pgtrickle_internal.holds h
    join pgtrickle_rewind.operations o on pgtrickle_rewind.holder(o) = h.holder and h.stream_table_id = any (o.table_ids)
    where h.stream_table_id = p_id and o.outcome is null
    order by o.started_at;
end;
$$;
comment on function pgtrickle_rewind.open_holders(bigint) is
  'Operations that go on and hold this stream table.';

-- An operator that comes back in this moment either has the row, then its operation is left alone, or it waits for the row
-- and finds another token. Its mark is looked for with the row in hand: whoever sets it later waits, too.

create function pgtrickle_rewind.end_if_silent(p_uid text) returns pgtrickle_rewind.operations
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_operation pgtrickle_rewind.operations;
begin
  select o.* into v_operation
  from pgtrickle_rewind.operations o
  where o.uid = p_uid and o.outcome is null
    and o.seen_at < clock_timestamp() - pgtrickle_rewind.silence_limit()
  for update skip locked;
  if not found or pgtrickle_rewind.is_worked_for(p_uid) or not pgtrickle_rewind.may_resume(v_operation) then
    return null;
  end if;
  perform from pgtrickle_rewind.claims l where l.uid = p_uid order by l.table_id for update;
  update pgtrickle_rewind.operations o set token = gen_random_uuid() where o.uid = p_uid;
  perform pgtrickle_rewind.finish_operation(p_uid, 'Orphaned', 'taken over by resume_scheduler');
  return v_operation;
end;
$$;
comment on function pgtrickle_rewind.end_if_silent(text) is
  'Ends and fences an operation whose operator has been silent for too long, if the caller may manage all its tables; gives what it was, or null.';

create function pgtrickle_rewind.end_silent_operations(p_ids bigint[]) returns setof pgtrickle_internal.holds
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_uid text;
  v_ended pgtrickle_rewind.operations;
begin
  perform pgtrickle_rewind.refuse_inside_repair();
  for v_uid in
    select distinct o.uid from unnest(p_ids) as i(id), pgtrickle_rewind.open_holders(i.id) o order by o.uid
  loop
    v_ended := pgtrickle_rewind.end_if_silent(v_uid);
    continue when v_ended.uid is null;
    raise notice 'the rewind %/% is taken over: its operator was not heard of for %',
        v_ended.namespace, v_ended.name, pgtrickle_rewind.spoken_age(v_ended.seen_at)
      using detail = format('Operation %s has ended as Orphaned and can change nothing any more. It no longer holds %s.',
        v_uid, array_to_string(v_ended.table_names, ', '));
    return query
      select h.* from pgtrickle_internal.holds h
      where h.stream_table_id = any (v_ended.table_ids) and h.holder = pgtrickle_rewind.holder(v_ended);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.end_silent_operations(bigint[]) is
  'Ends the operations that hold one of these stream tables and whose operators are silent; gives all their holds, to be dropped.';

-- Only the operator of its cluster, or a person, can know that the object of an operation is gone, e.g. deleted together
-- with its Secret. What a person has to know and to say then is said here.

create function pgtrickle_rewind.hold_hint(p_id bigint) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select string_agg(
        format('Rewind %s/%s (operation %s) ', o.namespace, o.name, o.uid)
        || case
             when pgtrickle_rewind.is_worked_for(o.uid) then 'is at work at this moment.'
             when not pgtrickle_rewind.may_resume(o) then
               format('was last heard of %s ago, but you may not resume all that it holds: %s.',
                 pgtrickle_rewind.spoken_age(o.seen_at), array_to_string(o.table_names, ', '))
             else format('was last heard of %s ago; after %s of silence resume_scheduler() takes its hold over.',
                    pgtrickle_rewind.spoken_age(o.seen_at),
                    pgtrickle_rewind.spoken_age(clock_timestamp() - pgtrickle_rewind.silence_limit()))
           end
        || format(' If its object is gone: select pgtrickle_rewind.orphan(%L, %L);', o.uid, o.cluster), ' ')
    from pgtrickle_rewind.open_holders(p_id) o);
end;
$$;
comment on function pgtrickle_rewind.hold_hint(bigint) is
  'Which operations hold a stream table, when they were last heard of and how to free it if their objects are gone; or null.';
