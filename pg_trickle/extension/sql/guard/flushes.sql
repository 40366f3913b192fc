-- What of a flush is undone. A flush writes inlined deletions of a data file into its delete file, each position with the
-- right snapshot id, and removes them from ducklake_inlined_delete_<table>. A position must never be in both places (rows come
-- back), nor in none. The flush of a data file is undone, its deletions stay inlined, and nobody is refused, where
-- – the data file is retired: the new file would be a second one for the old snapshots (ducklake 1406);
-- – the data file has kept delete files (deletions.sql) and inlined deletions from before their end: the kept file does not
--   have them, and only the inlined rows tell them at those snapshots. Until expiry has removed the kept file;
-- – the flush is tried again under another id: the removal of the inlined rows is not part of what DuckLake repeats.

-- In the first attempt: what must stay is put back at once.
create function pgtrickle_guard.keep_inlined() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_kept bigint[];
begin
  perform pgtrickle_guard.note('flushed', array[substring(tg_table_name from '\d+$')::bigint]) where exists (select from gone);
  select array_agg(distinct g.file_id) into v_kept
    from gone g
    join ducklake.ducklake_data_file d on d.data_file_id = g.file_id
    where d.end_snapshot is not null or exists (
      select from ducklake.ducklake_delete_file k
      where k.data_file_id = g.file_id and k.end_snapshot > g.begin_snapshot);
  if v_kept is not null then
    execute format('insert into ducklake.%I select g.* from gone g where g.file_id = any ($1)', tg_table_name) using v_kept;
    perform pgtrickle_guard.note('unflushed', v_kept);
  end if;
  return null;
end
$$;
comment on function pgtrickle_guard.keep_inlined() is
  'Trigger after inlined deletions were removed by a flush: puts back those that must stay inlined.';
alter function pgtrickle_guard.keep_inlined() owner to pgtrickle_catalog_reader;

-- In every attempt: the removal of flushed rows is part of the batch, for each table that is flushed, also if it has none.
create function pgtrickle_guard.note_flush() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_guard.note('flushing', array[substring(tg_table_name from '(\d+)_\d+$')::bigint]);
  return null;
end
$$;
comment on function pgtrickle_guard.note_flush() is 'Trigger after a removal of inlined rows, also of none: this transaction flushes that table.';
alter function pgtrickle_guard.note_flush() owner to pgtrickle_catalog_reader;

-- A new delete file with a date below its commit's: what a flush writes, or a deletion that another commit came before.
create function pgtrickle_guard.is_flush(p_new jsonb) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_table bigint := p_new ->> 'table_id';
  v_newest bigint := p_new ->> 'newest';
  v_replaced jsonb := nullif(p_new -> 'replaced', 'null');
  v_inlined regclass := to_regclass(format('ducklake.ducklake_inlined_delete_%s', v_table));
  v_count bigint;
  v_last bigint;
begin
  -- A deletion that adds to older ones says the id that it expected; a first one gets its commit's.
  if v_table = any (pgtrickle_guard.noted('flushed')) or p_new -> 'partial_max' = 'null'
    or v_newest = coalesce((v_replaced ->> 'partial_max')::bigint, (v_replaced ->> 'begin_snapshot')::bigint) then
    return true;
  end if;
  if v_inlined is null then
    return false;
  end if;
  execute format('select count(*), max(i.begin_snapshot) from %s i where i.file_id = $1 and i.begin_snapshot <= $2', v_inlined)
    into v_count, v_last using (p_new ->> 'data_file_id')::bigint, v_newest;
  if v_last is distinct from v_newest
    or (v_replaced is not null and (p_new ->> 'delete_count')::bigint <> (v_replaced ->> 'delete_count')::bigint + v_count) then
    return false;
  end if;
  if v_table = any (pgtrickle_guard.noted('flushing')) then
    return true;
  end if;
  if exists (select from ducklake.ducklake_inlined_data_tables t where t.table_id = v_table) then
    return false; -- a flush would have been noted
  end if;
  perform pgtrickle_guard.refuse(
    format('another commit came before this change of data file %s of table %s, which may be a flush or a deletion', p_new ->> 'data_file_id', v_table),
    'Nothing was changed. Run it again.');
end
$$;
comment on function pgtrickle_guard.is_flush(jsonb) is 'Whether a delete file that is dated before its commit was written by a flush.';
alter function pgtrickle_guard.is_flush(jsonb) owner to pgtrickle_catalog_reader;

create function pgtrickle_guard.judge_flush(p_new jsonb) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_table bigint := p_new ->> 'table_id';
  v_id bigint := p_new ->> 'delete_file_id';
begin
  if v_table = any (pgtrickle_guard.noted('flushed'))
    and not (p_new ->> 'data_file_id')::bigint = any (pgtrickle_guard.noted('unflushed')) then
    update ducklake.ducklake_delete_file f set begin_snapshot = (p_new ->> 'kept_until')::bigint
      where f.delete_file_id = v_id and f.begin_snapshot < (p_new ->> 'kept_until')::bigint;
    return;
  end if;
  -- What was written is nobody's: it goes with the next clean-up.
  insert into ducklake.ducklake_files_scheduled_for_deletion (data_file_id, path, path_is_relative, schedule_start)
    select f.delete_file_id, concat(s.path, t.path, f.path), true, now()
    from ducklake.ducklake_delete_file f
    join ducklake.ducklake_table t on t.table_id = f.table_id and t.end_snapshot is null and t.path_is_relative
    join ducklake.ducklake_schema s on s.schema_id = t.schema_id and s.end_snapshot is null and s.path_is_relative
    where f.delete_file_id = v_id and f.path_is_relative;
  delete from ducklake.ducklake_delete_file f where f.delete_file_id = v_id;
  if p_new -> 'replaced' <> 'null' then
    perform pgtrickle_guard.keep_replaced(p_new -> 'replaced', null);
  end if;
end
$$;
comment on function pgtrickle_guard.judge_flush(jsonb) is
  'A flush of one data file: undone where its deletions must stay inlined, else dated behind the delete files that are kept.';
alter function pgtrickle_guard.judge_flush(jsonb) owner to pgtrickle_catalog_reader;
