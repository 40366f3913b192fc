-- The statements of a repair, run as their caller on a connection whose name the lake writes into the commit.

-- The two ends of run_repair. The nonce lives in a variable of run_repair and in a private table, so the repair's
-- own statements cannot end the run in its place.

create function pgtrickle_rewind.start_run() returns uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_repair pgtrickle_rewind.repair_transactions;
begin
  update pgtrickle_rewind.repair_transactions t
  set stage = 'Running'
  where t.xid = pg_current_xact_id_if_assigned() and t.stage = 'Entered'
  returning t.* into v_repair;
  if v_repair.uid is null then
    raise exception 'no repair has been entered in this transaction, or it has already run'
      using errcode = 'TR020', hint = 'Call pgtrickle_rewind.enter_repair(…) first, once per transaction.';
  end if;
  perform pgtrickle_rewind.check_marker_name(v_repair);
  return v_repair.nonce;
end;
$$;
comment on function pgtrickle_rewind.start_run() is 'Begins the run of the repair that this transaction has entered.';
grant execute on function pgtrickle_rewind.start_run() to pgtrickle_admin;

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
grant execute on function pgtrickle_rewind.run_repair(text[]) to pgtrickle_admin;

create function pgtrickle_rewind.end_run(p_nonce uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_repair pgtrickle_rewind.repair_transactions;
begin
  update pgtrickle_rewind.repair_transactions t
  set stage = 'Ran'
  where t.xid = pg_current_xact_id_if_assigned() and t.stage = 'Running' and t.nonce = p_nonce
  returning t.* into v_repair;
  if v_repair.uid is null then
    raise exception 'only pgtrickle_rewind.run_repair() ends a run' using errcode = 'TR020',
      hint = 'Repair SQL changes the source tables only.';
  end if;
  perform pgtrickle_rewind.check_marker_name(v_repair);
  -- run_repair has opened one; another role's user mapping would open one more, under a name that the repair chose
  if pgtrickle_rewind.lake_connections() > 1 then
    raise exception 'the repair has opened a second connection to the lake'
      using errcode = 'TR020', hint = 'A repair works with one user mapping: run it as one role, on tables of one server.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.end_run(uuid) is 'Ends the run of the repair in this transaction.';
grant execute on function pgtrickle_rewind.end_run(uuid) to pgtrickle_admin;

create function pgtrickle_rewind.check_marker_name(p_repair pgtrickle_rewind.repair_transactions) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('postgres_fdw.application_name', true)
     is distinct from pgtrickle_rewind.operation_marker(p_repair.uid) || '/' || p_repair.attempt then
    raise exception 'the repair has changed postgres_fdw.application_name'
      using errcode = 'TR020', hint = 'The lake knows the repair by that name; leave it alone.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.check_marker_name(pgtrickle_rewind.repair_transactions) is
  'TR020 unless connections to the lake carry the name of this attempt.';

-- Not those to lake_engine: its user may only read.

create function pgtrickle_rewind.lake_connections() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_schema name;
  v_count bigint;
begin
  select n.nspname into v_schema
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'postgres_fdw';
  execute format(
    'select count(*) from %I.postgres_fdw_get_connections() c '
    'join pg_foreign_server s on s.srvname = c.server_name '
    'join pg_foreign_data_wrapper w on w.oid = s.srvfdw where w.fdwname = $1 and s.srvname <> $2', v_schema)
  into v_count using 'ducklake_fdw', 'lake_engine';
  return v_count;
end;
$$;
comment on function pgtrickle_rewind.lake_connections() is
  'How many connections to the lake, by which it could be written, this session has open.';

create function pgtrickle_rewind.refuse_open_lake_connection() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  if pgtrickle_rewind.lake_connections() > 0 then
    raise exception 'this session has already talked to the lake, so its repair would not be marked there'
      using errcode = 'TR021', hint = 'Enter the repair on a fresh connection.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.refuse_open_lake_connection() is
  'Raises unless no postgres_fdw connection to the lake is open in this session.';
