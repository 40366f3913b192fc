-- Settings that the text of a value depends on are fixed: a fingerprint must not depend on the session.
create function pgtrickle_internal.count_fingerprint(
  p_id bigint, p_after_refresh bigint default null, out row_count bigint, out hash_sum numeric)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  if p_after_refresh is null then
    perform pgtrickle_internal.lock_contents(p_id);
    execute format(
      'select count(*), coalesce(sum(pgtrickle_internal.row_hash("pgtrickle row"::text)), 0) from %s "pgtrickle row"',
      layout ->> 'public')
    into row_count, hash_sum;
  else
    execute format(
      'select coalesce(sum(f.weight), 0), coalesce(sum(f.weight * pgtrickle_internal.row_hash(%s)), 0) '
      'from %s f where f.refresh_id > $1',
      pgtrickle_internal.projected_image_sql(layout), layout ->> 'journal')
    into row_count, hash_sum using p_after_refresh;
  end if;
end
$$;
comment on function pgtrickle_internal.count_fingerprint(bigint, bigint) is
  'Row count and hash sum of the rows of a stream table; or, by the journal, their change after a refresh.';
