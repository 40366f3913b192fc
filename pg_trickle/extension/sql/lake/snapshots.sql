-- Which snapshots the lake has. Ids are dense until some are expired.

create function pgtrickle_internal.lake_head() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  perform pgtrickle_internal.check_catalog();
  begin
    select max(s.snapshot_id) into v_id from ducklake.ducklake_snapshot s;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_id;
end
$$;
comment on function pgtrickle_internal.lake_head() is
  'The newest snapshot of the lake, from its catalog: no call of the engine.';
alter function pgtrickle_internal.lake_head() owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_oldest() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  perform pgtrickle_internal.check_catalog();
  begin
    select min(s.snapshot_id) into v_id from ducklake.ducklake_snapshot s;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_id;
end
$$;
comment on function pgtrickle_internal.lake_oldest() is
  'The oldest snapshot that the lake still has.';
alter function pgtrickle_internal.lake_oldest() owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.lake_oldest_time() returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_time timestamptz;
begin
  begin
    select min(s.snapshot_time) into v_time from ducklake.ducklake_snapshot s;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_time;
end
$$;
comment on function pgtrickle_internal.lake_oldest_time() is
  'When the oldest snapshot that the lake still has was committed.';
alter function pgtrickle_internal.lake_oldest_time() owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.snapshot_exists(p_snapshot bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_is_there boolean;
begin
  perform pgtrickle_internal.check_catalog();
  begin
    v_is_there := exists (select from ducklake.ducklake_snapshot s where s.snapshot_id = p_snapshot);
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_is_there;
end
$$;
comment on function pgtrickle_internal.snapshot_exists(bigint) is
  'Whether the lake still has this snapshot.';
alter function pgtrickle_internal.snapshot_exists(bigint) owner to pgtrickle_catalog_reader;

-- Ids are dense until some are expired, so counting is enough.
create function pgtrickle_internal.lake_has_hole(p_from bigint, p_to bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_count bigint;
begin
  perform pgtrickle_internal.check_catalog();
  begin
    select count(*) into v_count from ducklake.ducklake_snapshot s where s.snapshot_id between p_from and p_to;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return p_to - p_from + 1 is distinct from v_count;
end
$$;
comment on function pgtrickle_internal.lake_has_hole(bigint, bigint) is
  'Whether a snapshot of [from, to] was expired: changes read across a hole would be silently incomplete.';
alter function pgtrickle_internal.lake_has_hole(bigint, bigint) owner to pgtrickle_catalog_reader;

create function pgtrickle_internal.nearest_snapshots(p_snapshot bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_ids text;
begin
  begin
    select string_agg(near.id::text, ' and ') into v_ids
    from (
      select max(s.snapshot_id) as id from ducklake.ducklake_snapshot s where s.snapshot_id < p_snapshot
      union all
      select min(s.snapshot_id) from ducklake.ducklake_snapshot s where s.snapshot_id > p_snapshot) near;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  return v_ids;
end
$$;
comment on function pgtrickle_internal.nearest_snapshots(bigint) is
  'The snapshots before and after an expired one, for a hint: "41 and 44".';
alter function pgtrickle_internal.nearest_snapshots(bigint) owner to pgtrickle_catalog_reader;

-- Two snapshots may share a time: the later one wins, so that "the state at that time" includes everything that was
-- committed then. Which commits an expired snapshot had is not known any more, nor when it was: whoever asks for a time is told of both
-- sides of the gap.
create function pgtrickle_internal.lake_snapshot_at(
  p_time timestamptz, out snapshot_id bigint, out snapshot_time timestamptz, out next_id bigint, out next_time timestamptz)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  begin
    select s.snapshot_id, s.snapshot_time into lake_snapshot_at.snapshot_id, lake_snapshot_at.snapshot_time
    from ducklake.ducklake_snapshot s
    where s.snapshot_time <= p_time
    order by s.snapshot_time desc, s.snapshot_id desc
    limit 1;
    select s.snapshot_id, s.snapshot_time into next_id, next_time
    from ducklake.ducklake_snapshot s
    where s.snapshot_id > lake_snapshot_at.snapshot_id
    order by s.snapshot_id
    limit 1;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
end
$$;
comment on function pgtrickle_internal.lake_snapshot_at(timestamptz) is
  'The last snapshot that is left of those committed at this time or before, and the next one that is left; NULL: none.';
alter function pgtrickle_internal.lake_snapshot_at(timestamptz) owner to pgtrickle_catalog_reader;
