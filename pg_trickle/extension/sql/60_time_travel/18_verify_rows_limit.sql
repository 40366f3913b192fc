create function pgtrickle_internal.verify_rows_limit() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((select s.value from pgtrickle_internal.settings s where s.name = 'verify_rows_limit'), 1000000)::bigint;
end
$$;
comment on function pgtrickle_internal.verify_rows_limit() is
  'Source rows that verification level rows copies at most; setting verify_rows_limit.';
