create function pgtrickle.next_due_ms() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select least(greatest(ceil(extract(epoch from min(s.next_due_at) - clock_timestamp()) * 1000), 0), 1000)::integer
    from pgtrickle_internal.stream_tables s
    where s.schedule is not null and not exists (select from pgtrickle_internal.holds h where h.stream_table_id = s.id));
end
$$;
comment on function pgtrickle.next_due_ms() is 'Milliseconds until the next refresh is due, at most 1000; NULL if none is.';
