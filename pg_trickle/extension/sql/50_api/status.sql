create function pgtrickle_internal.status(p_id bigint) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select case
        when not pgtrickle_internal.is_adopted() or exists (select from pgtrickle_internal.holds h where h.stream_table_id = s.id) then 'PAUSED'
        when not s.is_populated then 'INITIALIZING'
        when s.last_failed_at > s.last_refreshed_at or pgtrickle_internal.lake_problem() is not null then 'ERROR'
        else 'ACTIVE'
      end
    from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.status(bigint) is 'ACTIVE, PAUSED, ERROR or INITIALIZING, as of now.';
