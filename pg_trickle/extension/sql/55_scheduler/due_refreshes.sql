create function pgtrickle.due_refreshes() returns table (id bigint, table_name text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  -- With the lake known to be gone there is nothing to try; check_lake() goes on asking.
  return query
    select s.id, format('%I.%I', s.schema_name, s.table_name)
    from pgtrickle_internal.stream_tables s
    where s.schedule is not null and s.next_due_at <= clock_timestamp()
      and pgtrickle_internal.is_adopted()
      and not exists (select from pgtrickle_internal.holds h where h.stream_table_id = s.id)
      and not exists (select from pgtrickle_internal.lake_health l where not l.is_healthy)
    order by s.next_due_at, s.id;
end
$$;
comment on function pgtrickle.due_refreshes() is 'The stream tables that are to be refreshed now.';
