-- The rows of a stream table against what they should be, in the one way that all comparisons have: as multisets of texts.

-- Two multisets compared by the text of their rows: bit for bit, also for types that have no equality.
create function pgtrickle_internal.compare_rows_sql(p_expected text, p_actual text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format($sql$
    with expected as materialized (%1$s),
    actual as materialized (%2$s),
    weighted as materialized (
      select "pgtrickle row"::text as image, 1 as weight from expected "pgtrickle row"
      union all
      select "pgtrickle row"::text, -1 from actual "pgtrickle row"),
    net as materialized (
      select w.image, sum(w.weight) as weight from weighted w group by w.image having sum(w.weight) <> 0),
    counted as (
      select count(*) filter (where w.weight < 0) as row_count,
        count(*) filter (where w.weight > 0) as expected_row_count,
        sum(pgtrickle_internal.row_hash(w.image)) filter (where w.weight < 0) as hash_sum,
        sum(pgtrickle_internal.row_hash(w.image)) filter (where w.weight > 0) as expected_hash_sum
      from weighted w)
    select c.row_count, c.expected_row_count,
      pgtrickle_internal.fingerprint(c.row_count, c.hash_sum) as fingerprint,
      pgtrickle_internal.fingerprint(c.expected_row_count, c.expected_hash_sum) as expected_fingerprint,
      (select coalesce(sum(n.weight), 0)::bigint from net n where n.weight > 0) as missing_count,
      (select coalesce(-sum(n.weight), 0)::bigint from net n where n.weight < 0) as unexpected_count,
      (select coalesce(jsonb_agg(s.sample order by s.image collate "C"), '[]') from (
        select n.image, (select to_jsonb("pgtrickle row") from expected "pgtrickle row"
                         where "pgtrickle row"::text = n.image limit 1) as sample
        from net n where n.weight > 0 order by n.image collate "C" limit 20) s) as missing,
      (select coalesce(jsonb_agg(s.sample order by s.image collate "C"), '[]') from (
        select n.image, (select to_jsonb("pgtrickle row") from actual "pgtrickle row"
                         where "pgtrickle row"::text = n.image limit 1) as sample
        from net n where n.weight < 0 order by n.image collate "C" limit 20) s) as unexpected
    from counted c$sql$, p_expected, p_actual);
end
$$;
comment on function pgtrickle_internal.compare_rows_sql(text, text) is
  'Statement that compares two queries as multisets: counts, fingerprints, both differences with samples of 20 rows.';

create function pgtrickle_internal.compare_with_target(
  p_id bigint, p_snapshot bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
  execute pgtrickle_internal.compare_rows_sql(
      pgtrickle_internal.target_rows_sql(p_id), pgtrickle_internal.contents_rows_sql(p_id))
    into row_count, expected_row_count, fingerprint, expected_fingerprint,
      missing_count, unexpected_count, missing, unexpected
    using pgtrickle_internal.plan_text(p_id), p_snapshot;
end
$$;
comment on function pgtrickle_internal.compare_with_target(bigint, bigint) is
  'The rows of a stream table against its query, recomputed by the lake engine at a snapshot.';

create function pgtrickle_internal.compare_with_undone(
  p_id bigint, p_after_refresh bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
  execute pgtrickle_internal.compare_rows_sql(
      pgtrickle_internal.undo_rows_sql(p_id), pgtrickle_internal.contents_rows_sql(p_id))
    into row_count, expected_row_count, fingerprint, expected_fingerprint,
      missing_count, unexpected_count, missing, unexpected
    using p_after_refresh;
end
$$;
comment on function pgtrickle_internal.compare_with_undone(bigint, bigint) is
  'The rows of a stream table against what they were after a refresh, by the undo journal.';

create function pgtrickle_internal.compare_published_with_target(
  p_id bigint, p_snapshot bigint, p_after_refresh bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
  execute pgtrickle_internal.compare_rows_sql(pgtrickle_internal.target_rows_sql(p_id), (
      select format('select * from pgtrickle_internal.rows_after(null::%s, %L, %L)', s.layout ->> 'public', p_id, p_after_refresh)
      from pgtrickle_internal.stream_tables s where s.id = p_id))
    into row_count, expected_row_count, fingerprint, expected_fingerprint,
      missing_count, unexpected_count, missing, unexpected
    using pgtrickle_internal.plan_text(p_id), p_snapshot;
end
$$;
comment on function pgtrickle_internal.compare_published_with_target(bigint, bigint, bigint) is
  'The rows of a stream table as they were after a refresh, by the undo journal, against its query, recomputed by the lake engine at a snapshot.';

-- Needs no engine. Says whether the rows are those that were published, not which ones differ.
create function pgtrickle_internal.compare_with_fingerprint(
  p_id bigint, p_refresh bigint,
  out row_count bigint, out expected_row_count bigint, out fingerprint text, out expected_fingerprint text,
  out missing_count bigint, out unexpected_count bigint, out missing jsonb, out unexpected jsonb)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  recorded pgtrickle_internal.fingerprints;
  counted record;
begin
  select f.* into recorded from pgtrickle_internal.fingerprints f where f.refresh_id = p_refresh and f.stream_table_id = p_id;
  if not found then
    raise exception 'no fingerprint of stream table % was recorded for refresh %',
        pgtrickle_internal.qualified_name(p_id), coalesce(p_refresh::text, 'NULL')
      using errcode = 'TR018', hint = 'Use level engine or rows.';
  end if;
  counted := pgtrickle_internal.count_fingerprint(p_id);
  row_count := counted.row_count;
  expected_row_count := recorded.row_count;
  fingerprint := pgtrickle_internal.fingerprint(counted.row_count, counted.hash_sum);
  expected_fingerprint := pgtrickle_internal.fingerprint(recorded.row_count, recorded.hash_sum);
end
$$;
comment on function pgtrickle_internal.compare_with_fingerprint(bigint, bigint) is
  'The rows of a stream table against the fingerprint recorded for a refresh.';
