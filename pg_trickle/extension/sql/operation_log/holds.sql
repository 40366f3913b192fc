-- The holds of operations on stream tables: added, dropped, left to others.

create function pgtrickle_rewind.holder(p_operation pgtrickle_rewind.operations) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select 'rewind:' || p_operation.namespace || '/' || p_operation.name $$;
comment on function pgtrickle_rewind.holder(pgtrickle_rewind.operations) is 'Name of the hold of an operation.';

create function pgtrickle_rewind.held_ids(p_holder text) returns bigint[]
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (select coalesce(array_agg(h.stream_table_id order by h.stream_table_id), '{}')
          from pgtrickle_internal.holds h where h.holder = p_holder);
end;
$$;
comment on function pgtrickle_rewind.held_ids(text) is 'Ids of the stream tables that this holder holds.';

create function pgtrickle_rewind.add_holds(p_ids bigint[], p_holder text, p_reason text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    perform pgtrickle_internal.add_hold(v_id, p_holder, p_reason);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.add_holds(bigint[], text, text) is 'Adds one hold to several stream tables.';

create function pgtrickle_rewind.drop_holds(p_ids bigint[], p_holder text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    perform pgtrickle_internal.drop_hold(v_id, p_holder);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.drop_holds(bigint[], text) is 'Drops one hold from several stream tables.';

-- A claim is exclusive, so every other rewind's hold on a claimed table is left over from one that has ended:
-- failed and held, or orphaned. It is taken over.

create function pgtrickle_rewind.drop_stale_holds(p_ids bigint[], p_keep text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_hold record;
begin
  for v_hold in
    select h.stream_table_id, h.holder
    from pgtrickle_internal.holds h
    where h.stream_table_id = any (p_ids) and h.holder <> p_keep
      and (starts_with(h.holder, 'rewind:') or starts_with(h.reason, 'orphan of rewind:'))
    order by h.stream_table_id
  loop
    perform pgtrickle_internal.drop_hold(v_hold.stream_table_id, v_hold.holder);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.drop_stale_holds(bigint[], text) is
  'Drops the holds that ended rewinds have left on these stream tables.';

-- A rewind that failed and keeps its hold has ended: no operator will ever come back to it, so a person may resume. A later
-- one of the same name, or another cluster's, may work on other tables meanwhile.

create function pgtrickle_rewind.drop_ended_holds(p_id bigint) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_holder text;
begin
  for v_holder in
    select h.holder
    from pgtrickle_internal.holds h
    join pgtrickle_rewind.operations o on pgtrickle_rewind.holder(o) = h.holder and h.stream_table_id = any (o.table_ids)
    where h.stream_table_id = p_id
    group by h.holder
    having bool_and(o.outcome is not null)
    order by h.holder
  loop
    perform pgtrickle_internal.drop_hold(p_id, v_holder);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.drop_ended_holds(bigint) is
  'Drops the holds that failed rewinds have left on a stream table.';

-- Unlike an orphan's hold, this one is meant: no rewind takes it over, resume_scheduler() alone lets go.

create function pgtrickle_rewind.leave_paused(p_ids bigint[], p_holder text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    -- a person's own pause stays as it is; what an orphan left there is meant from now on
    if not pgtrickle_internal.add_hold(v_id, 'person', 'left paused by ' || p_holder) then
      update pgtrickle_internal.holds h set reason = 'left paused by ' || p_holder
      where h.stream_table_id = v_id and h.holder = 'person' and starts_with(h.reason, 'orphan of rewind:');
    end if;
  end loop;
end;
$$;
comment on function pgtrickle_rewind.leave_paused(bigint[], text) is
  'Leaves stream tables paused by a person''s hold when the rewind that holds them ends.';
