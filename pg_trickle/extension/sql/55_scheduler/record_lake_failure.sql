create function pgtrickle.record_lake_failure(sqlstate text, message text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_internal.record_lake_health(record_lake_failure.sqlstate, record_lake_failure.message, null, null);
end
$$;
comment on function pgtrickle.record_lake_failure(text, text) is 'Records that check_lake() itself failed, in a transaction of its own.';
