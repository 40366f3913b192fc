-- A cursor takes exactly one query: no second statement after a semicolon. No SET clause: it runs with what the
-- caller has just set.
create function pgtrickle_internal.single_row(p_sql text) returns pg_catalog.json
language plpgsql volatile security invoker
as $$
declare
  rows refcursor;
  first record;
  second record;
begin
  open rows for execute p_sql;
  fetch rows into first;
  if not found then
    return null;
  end if;
  fetch rows into second;
  if found then
    return '{"": "more than one row"}';
  end if;
  return pg_catalog.row_to_json(first);
end
$$;
comment on function pgtrickle_internal.single_row(text) is 'The only row of a query as JSON.';
