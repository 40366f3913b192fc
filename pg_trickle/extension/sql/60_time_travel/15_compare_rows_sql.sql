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
