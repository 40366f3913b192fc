-- Runs as the caller, with the caller's search_path: the operator lends nobody rights that they don't have.
-- No exception block: a savepoint around a DELETE would reach the lake, which has none.

create function pgtrickle_rewind.run_repair(p_sql text[]) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_nonce uuid := pgtrickle_rewind.start_run();
  v_result pg_catalog.jsonb := '[]';
  v_rows bigint;
  v_statement text;
  v_lake pg_catalog.refcursor;
begin
  -- Opening a cursor connects and begins the lake's transaction, without asking for a row: from here to the commit the lake
  -- knows this session by the name of the attempt, whatever the repair calls itself.
  open v_lake for select from pgtrickle_rewind.lake_connection;
  close v_lake;
  foreach v_statement in array p_sql loop
    execute v_statement;
    get diagnostics v_rows = row_count;
    v_result := pg_catalog.jsonb_insert(v_result, '{-1}', pg_catalog.to_jsonb(v_rows), true);
  end loop;
  perform pgtrickle_rewind.end_run(v_nonce);
  return v_result;
end;
$$;
comment on function pgtrickle_rewind.run_repair(text[]) is
  'Runs the repair''s statements as the caller; gives the number of rows of each.';
