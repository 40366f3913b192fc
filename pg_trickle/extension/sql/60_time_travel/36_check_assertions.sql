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
