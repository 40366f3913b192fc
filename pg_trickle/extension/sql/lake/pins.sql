-- A snapshot that is to be read must be there, and stay until it has been read.

create function pgtrickle_internal.check_snapshot(p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  head bigint := pgtrickle_internal.lake_head();
  oldest bigint := pgtrickle_internal.lake_oldest();
begin
  if p_snapshot is null then
    raise exception 'a snapshot id is needed'
      using errcode = 'TR021', hint = format('The lake has snapshots %s to %s.', oldest, head);
  end if;
  if p_snapshot < 0 then
    raise exception 'there is no snapshot %: they are numbered from 0', p_snapshot
      using errcode = 'TR021', hint = format('The lake has snapshots %s to %s.', oldest, head);
  end if;
  if p_snapshot > head then
    raise exception 'snapshot % is in the future: the newest one of the lake is %', p_snapshot, head
      using errcode = 'TR004', hint = format('The lake has snapshots %s to %s.', oldest, head);
  end if;
  if not pgtrickle_internal.snapshot_exists(p_snapshot) then
    raise exception 'the lake no longer has snapshot %: it was expired', p_snapshot
      using errcode = 'TR005',
        hint = format('The lake has snapshots %s to %s%s.', oldest, head,
          case when p_snapshot > oldest then ' with gaps; the nearest ones are ' || pgtrickle_internal.nearest_snapshots(p_snapshot)
          else '' end);
  end if;
end
$$;
comment on function pgtrickle_internal.check_snapshot(bigint) is
  'TR004 for a snapshot in the future, TR005 for an expired one; the hint names the usable range.';

-- Whatever could run code of the catalog's owner when the row of a snapshot is locked.
create function pgtrickle_internal.check_plain_snapshots() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relation oid := 'ducklake.ducklake_snapshot'::regclass;
  v_odd text;
begin
  select string_agg(odd.what, ', ') into v_odd
  from (
    select 'it is no table' as what from pg_class c where c.oid = v_relation and c.relkind <> 'r'
    union all
    select 'row security' from pg_class c where c.oid = v_relation and c.relrowsecurity
    union all
    select 'inheritance' from pg_inherits i where v_relation in (i.inhrelid, i.inhparent)
    union all
    select 'rule ' || r.rulename from pg_rewrite r where r.ev_class = v_relation
    union all
    select 'index ' || i.indexrelid::regclass::text from pg_index i
      where i.indrelid = v_relation and (i.indexprs is not null or i.indpred is not null)
    union all
    select 'statistics ' || e.stxname from pg_statistic_ext e where e.stxrelid = v_relation and e.stxexprs is not null
    union all
    select 'constraint ' || c.conname from pg_constraint c where c.conrelid = v_relation and c.contype = 'c'
    union all
    select 'column ' || a.attname from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = v_relation and a.attnum > 0 and not a.attisdropped
        and (t.typnamespace <> 'pg_catalog'::regnamespace or a.attgenerated <> '')
  ) odd;
  if v_odd is not null then
    raise exception 'ducklake.ducklake_snapshot is not the table that DuckLake makes: %', v_odd
      using errcode = '42501', hint = 'Remove what was attached to it. Only the engine may have the password of pgtrickle_catalog.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_plain_snapshots() is
  '42501 unless ducklake.ducklake_snapshot is a plain table that runs nobody''s code.';
grant execute on function pgtrickle_internal.check_plain_snapshots() to pgtrickle_catalog_reader;

-- The one read of the catalog that cannot be rolled back: its lock would go with it. So nothing foreign may run in it: the
-- table is locked against being altered, looked at before, and its settings and itself looked at again afterwards, since
-- an index or statistics may still be attached to it in between.
create function pgtrickle_internal.lock_snapshot(p_snapshot bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_is_there boolean;
begin
  lock table ducklake.ducklake_snapshot in row share mode;
  perform pgtrickle_internal.check_plain_snapshots();
  perform from ducklake.ducklake_snapshot s where s.snapshot_id = p_snapshot for key share;
  v_is_there := found;
  if pg_catalog.current_setting('search_path') operator(pg_catalog.<>) 'pg_catalog, pg_temp'
      or pg_catalog.current_setting('standard_conforming_strings') operator(pg_catalog.<>) 'on'
      or pg_catalog.current_setting('quote_all_identifiers') operator(pg_catalog.<>) 'off' then
    raise exception 'reading the lake''s catalog has changed settings of this session'
      using errcode = '42501', hint = 'Somebody with the password of pgtrickle_catalog has attached code to it.';
  end if;
  perform pgtrickle_internal.check_plain_snapshots();
  return v_is_there;
end
$$;
comment on function pgtrickle_internal.lock_snapshot(bigint) is
  'Locks a snapshot''s row against being expired before this transaction ends; false if there is none.';
alter function pgtrickle_internal.lock_snapshot(bigint) owner to pgtrickle_catalog_reader;

-- A key-share lock on the snapshot's catalog row makes an expiry of it wait until the end of this transaction, and
-- blocks neither commits nor reads of the lake. Without it the snapshot could go between choosing and reading it.
create function pgtrickle_internal.pin_snapshot(p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgtrickle_internal.check_snapshot(p_snapshot);
  if not pgtrickle_internal.lock_snapshot(p_snapshot) then
    perform pgtrickle_internal.check_snapshot(p_snapshot);
  end if;
end
$$;
comment on function pgtrickle_internal.pin_snapshot(bigint) is 'check_snapshot(), and nobody expires it before this transaction ends.';

-- A reader's session may be read-only, where no row lock can be taken: then the snapshot is only checked, and an expiry
-- in between makes the engine answer with an error, never with other rows.
create function pgtrickle_internal.hold_snapshot(p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_read_only')::boolean then
    perform pgtrickle_internal.check_snapshot(p_snapshot);
  else
    perform pgtrickle_internal.pin_snapshot(p_snapshot);
  end if;
end
$$;
comment on function pgtrickle_internal.hold_snapshot(bigint) is 'pin_snapshot(), or only check_snapshot() in a read-only transaction.';
