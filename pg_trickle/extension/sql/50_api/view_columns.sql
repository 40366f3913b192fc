create function pgtrickle_internal.view_columns(p_view regclass)
returns table (ordinal bigint, name text, type text)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  -- COLLATE "C" as in the lake: comparing and sorting gives the same on both sides, whatever the database's locale.
  select row_number() over (order by a.attnum), a.attname::text,
    format_type(a.atttypid, a.atttypmod) || case when a.attcollation <> 0 then ' collate "C"' else '' end
  from pg_attribute a where a.attrelid = p_view and a.attnum > 0 and not a.attisdropped;
end;
comment on function pgtrickle_internal.view_columns(regclass) is 'Columns of a view in order, with the types that a stream table of it has.';
