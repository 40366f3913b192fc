create function pgtrickle_internal.known_names() returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select case when count(*) = 0 then 'There is no stream table in this database.'
        else 'Stream tables: ' || string_agg(n.name, ', ' order by n.name) filter (where n.position <= 20)
          || case when count(*) > 20 then ', …' else '.' end end
    from (
      select format('%I.%I', s.schema_name, s.table_name) as name,
        row_number() over (order by s.schema_name, s.table_name) as position
      from pgtrickle_internal.stream_tables s
    ) n);
end
$$;
comment on function pgtrickle_internal.known_names() is 'The stream tables that there are, for a hint.';
