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
