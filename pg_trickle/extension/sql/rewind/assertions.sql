-- Assertions are the caller's SQL: evaluated with the caller's rights and search_path, on the rows as they will be.
create function pgtrickle_internal.check_assertions(p_assertions jsonb, p_search_path text) returns void
language plpgsql volatile security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  assertion jsonb;
  value boolean;
begin
  if p_assertions is null then
    return;
  end if;
  if jsonb_typeof(p_assertions) <> 'array' then
    raise exception 'assertions are not a JSON array: %', p_assertions
      using errcode = 'TR021', hint = 'Write [{"name": "no-corrupted", "sql": "select count(*) = 0 from …"}].';
  end if;
  for assertion in select a from jsonb_array_elements(p_assertions) a loop
    if coalesce(assertion ->> 'name', '') = '' or coalesce(assertion ->> 'sql', '') = '' then
      raise exception 'an assertion has no name or no sql: %', assertion
        using errcode = 'TR021', hint = 'Write [{"name": "no-corrupted", "sql": "select count(*) = 0 from …"}].';
    end if;
    value := pgtrickle_internal.evaluate_assertion(assertion ->> 'name', assertion ->> 'sql', p_search_path);
    if value is not true then
      raise exception 'assertion "%" gave %', assertion ->> 'name', coalesce(value::text, 'NULL')
        using errcode = 'TR011', detail = assertion ->> 'sql',
          hint = 'Nothing was published. Look at the rows with pgtrickle.at(…) or choose another snapshot.';
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.check_assertions(jsonb, text) is
  'TR011 naming the first assertion that is not true.';
grant execute on function pgtrickle_internal.check_assertions(jsonb, text) to pgtrickle_admin;

-- In a read-only subtransaction that is always rolled back: an assertion looks, and leaves nothing behind. (Not TR000
-- as its end: a code that ends in 000 stands for its whole class.)
create function pgtrickle_internal.evaluate_assertion(p_name text, p_sql text, p_search_path text) returns boolean
language plpgsql volatile security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
  result json;
  code text;
begin
  begin
    perform set_config('search_path', p_search_path, true), set_config('transaction_read_only', 'on', true);
    result := pgtrickle_internal.single_row(p_sql);
    raise exception 'looked' using errcode = 'TR999';
  exception
    when sqlstate 'TR999' then
      null;
    when others then
      get stacked diagnostics code = returned_sqlstate;
      -- what may pass by itself is for the caller to retry, not an assertion that failed
      if code ~ '^(08|40|53|55|57|58|HV|LT|XX|TR014)' then
        raise;
      end if;
      raise exception 'assertion "%" cannot be evaluated: %', p_name, sqlerrm
        using errcode = 'TR011', detail = p_sql, hint = format('It failed with SQLSTATE %s; nothing was published.', code);
  end;
  if (select count(*) <> 1 or bool_or(json_typeof(e.value) not in ('boolean', 'null')) from json_each(result) e) is not false then
    raise exception 'assertion "%" does not give one boolean: %', p_name, coalesce(result::text, 'no row')
      using errcode = 'TR011', detail = p_sql, hint = 'An assertion gives exactly one row with one boolean column.';
  end if;
  return (select (e.value #>> '{}')::boolean from json_each(result) e);
end
$$;
comment on function pgtrickle_internal.evaluate_assertion(text, text, text) is 'The boolean that an assertion gives.';
grant execute on function pgtrickle_internal.evaluate_assertion(text, text, text) to pgtrickle_admin;

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
grant execute on function pgtrickle_internal.single_row(text) to pgtrickle_admin;
