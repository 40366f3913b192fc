create function pgtrickle_internal.journal_rows(p_id bigint, p_after bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  result bigint;
begin
  execute format('select count(*) from %s where refresh_id > $1',
      (select s.layout ->> 'journal' from pgtrickle_internal.stream_tables s where s.id = p_id))
    into result using p_after;
  return result;
end
$$;
comment on function pgtrickle_internal.journal_rows(bigint, bigint) is 'Journal rows of the refreshes after this one.';
