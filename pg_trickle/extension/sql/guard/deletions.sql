-- The date of a deletion. A second deletion in a data file replaces its delete file by one that has all positions, each with a
-- snapshot id; the row keeps the begin of the first. The newest positions carry the id that the transaction expected. If another
-- commit takes that id first, AT that snapshot lacks rows which were deleted only later: the lake's past is wrong, and who
-- looks for the deletion in the snapshot that made it finds nothing.
--
-- Repair: the replaced row comes back with its end at this commit, its file is not deleted, and the new row begins at this
-- commit. Whatever ids the new file holds are below its begin or right; before it, the kept file speaks. Later deletions in that
-- data file are written with the old begin again, and get the end of the newest kept row instead. Expiry removes kept rows
-- and files as any other that ended.

-- What a commit removes from the delete files, for the trigger that sees what comes in its place.
create function pgtrickle_guard.remember_replaced() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  -- Expiry deletes rows too, and commits no snapshot.
  -- In this trigger and the next no function of ours is called: that is most of what they cost, as plans do not outlive a
  -- commit (DuckLake's DISCARD ALL).
  if nullif(current_setting('pgtrickle_guard.commit', true), '') is not null then
    perform set_config('pgtrickle_guard.replaced', coalesce(
      nullif(current_setting('pgtrickle_guard.replaced', true), '')::jsonb || jsonb_agg(to_jsonb(g)), jsonb_agg(to_jsonb(g)), '[]')::text, true)
      from gone g;
  end if;
  return null;
end
$$;
comment on function pgtrickle_guard.remember_replaced() is 'Trigger: rows of ducklake_delete_file that this commit replaces.';
alter function pgtrickle_guard.remember_replaced() owner to pgtrickle_catalog_reader;

create function pgtrickle_guard.replaced() returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select coalesce(nullif(current_setting('pgtrickle_guard.replaced', true), ''), '[]')::jsonb;
end;
comment on function pgtrickle_guard.replaced() is 'What remember_replaced() has left in this transaction.';
grant execute on function pgtrickle_guard.replaced() to pgtrickle_catalog_reader;

-- One cheap pass over the new rows finds out whether any is not as it should be; only then they are looked at with all that
-- is around them, and each is judged alone.
create function pgtrickle_guard.check_delete_files() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_commit bigint := nullif(current_setting('pgtrickle_guard.commit', true), '')::bigint;
  r record;
begin
  if v_commit is null -- no commit of DuckLake's
    or not exists (
      select from added a
      where coalesce(a.partial_max, a.begin_snapshot) <> v_commit
        or exists (select from ducklake.ducklake_delete_file o where o.data_file_id = a.data_file_id and o.delete_file_id <> a.delete_file_id)
        or not exists (select from ducklake.ducklake_data_file d where d.data_file_id = a.data_file_id and d.end_snapshot is null))
  then
    return null;
  end if;
  for r in
    select a.delete_file_id, a.table_id, a.data_file_id, a.begin_snapshot, a.partial_max, a.delete_count,
      coalesce(a.partial_max, a.begin_snapshot) as newest, d.end_snapshot as file_end, d.data_file_id is null as is_file_gone,
      coalesce(o.is_live, false) as is_second, o.kept_until, p.row as replaced
    from added a
    left join ducklake.ducklake_data_file d on d.data_file_id = a.data_file_id
    left join lateral (
      select bool_or(x.end_snapshot is null) as is_live, max(x.end_snapshot) as kept_until
      from ducklake.ducklake_delete_file x
      where x.data_file_id = a.data_file_id and x.delete_file_id <> a.delete_file_id) o on true
    left join jsonb_array_elements(pgtrickle_guard.replaced()) p (row) on (p.row ->> 'data_file_id')::bigint = a.data_file_id
    where (d.xmin = pg_current_xact_id()::xid) is not true -- else inlined rows are flushed together with their deletions
      and (coalesce(a.partial_max, a.begin_snapshot) <> v_commit or o.is_live or o.kept_until > a.begin_snapshot
        or d.data_file_id is null or d.end_snapshot < v_commit)
  loop
    if r.newest < v_commit and pgtrickle_guard.is_flush(to_jsonb(r)) then
      perform pgtrickle_guard.judge_flush(to_jsonb(r));
    else
      perform pgtrickle_guard.judge_deletion(to_jsonb(r));
    end if;
  end loop;
  return null;
end
$$;
comment on function pgtrickle_guard.check_delete_files() is
  'Trigger after new delete files: repairs what is dated to another commit, undoes what a flush must not do, refuses what would double rows.';
alter function pgtrickle_guard.check_delete_files() owner to pgtrickle_catalog_reader;

create function pgtrickle_guard.judge_deletion(p_new jsonb) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_commit bigint := pgtrickle_guard.commit_id();
  v_id bigint := p_new ->> 'delete_file_id';
  v_file bigint := p_new ->> 'data_file_id';
begin
  if (p_new ->> 'is_file_gone')::boolean or (p_new ->> 'file_end')::bigint < v_commit then
    perform pgtrickle_guard.refuse(
      format('rows of data file %s of table %s cannot be deleted: another client has merged, rewritten or emptied that file meanwhile', v_file, p_new ->> 'table_id'),
      'Nothing was changed. Run the transaction again.');
  elsif (p_new ->> 'is_second')::boolean then
    perform pgtrickle_guard.refuse(
      format('another client has deleted rows of data file %s of table %s meanwhile, or flushed such deletions', v_file, p_new ->> 'table_id'),
      'Nothing was changed. Run the transaction again.');
  elsif (p_new ->> 'newest')::bigint < v_commit and p_new -> 'replaced' = 'null' then
    -- Not DuckLake's way of deleting: nothing to put back.
    perform pgtrickle_guard.record(v_commit, (p_new ->> 'table_id')::bigint, v_file, (p_new ->> 'newest')::bigint,
      'a deletion is dated to an earlier snapshot than its own');
  elsif (p_new ->> 'newest')::bigint < v_commit then
    perform pgtrickle_guard.keep_replaced(p_new -> 'replaced', v_commit);
    update ducklake.ducklake_delete_file f set begin_snapshot = v_commit where f.delete_file_id = v_id;
  else
    update ducklake.ducklake_delete_file f set begin_snapshot = (p_new ->> 'kept_until')::bigint
      where f.delete_file_id = v_id and f.begin_snapshot < (p_new ->> 'kept_until')::bigint;
  end if;
end
$$;
comment on function pgtrickle_guard.judge_deletion(jsonb) is
  'A new delete file that is not as it should be, and is not a flush: refused, recorded or repaired.';
alter function pgtrickle_guard.judge_deletion(jsonb) owner to pgtrickle_catalog_reader;

-- p_end NULL: as if it had never been replaced.
create function pgtrickle_guard.keep_replaced(p_replaced jsonb, p_end bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  insert into ducklake.ducklake_delete_file
    select (jsonb_populate_record(null::ducklake.ducklake_delete_file, p_replaced || jsonb_build_object('end_snapshot', p_end))).*;
  delete from ducklake.ducklake_files_scheduled_for_deletion s
    where s.data_file_id = (p_replaced ->> 'delete_file_id')::bigint;
end
$$;
comment on function pgtrickle_guard.keep_replaced(jsonb, bigint) is
  'Puts a replaced delete file back, ended at a snapshot, and takes it off the list of files to be deleted.';
alter function pgtrickle_guard.keep_replaced(jsonb, bigint) owner to pgtrickle_catalog_reader;
