-- Refreshes tell rows apart by their values. PostgreSQL itself says whether it can group by a type.
create function pgtrickle_internal.check_column_types(p_view regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  col record;
begin
  for col in select c.name, c.type from pgtrickle_internal.view_columns(p_view) c order by c.ordinal loop
    begin
      execute format('select from (select null::%s as value) v group by value', regexp_replace(col.type, ' collate "C"$', ''));
    exception when undefined_function then
      raise exception 'column % of a stream table cannot be %: values of that type cannot be compared', quote_ident(col.name), col.type
        using errcode = 'TR009', detail = 'NO_EQUALITY', hint = 'Leave the column out, or keep it in the lake as text.';
    end;
  end loop;
end
$$;
comment on function pgtrickle_internal.check_column_types(regclass) is 'TR009 naming a column of the view whose values have no equality.';
