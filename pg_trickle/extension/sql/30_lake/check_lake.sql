-- Does not raise for an unreachable lake: its state is the result. The caller's statement_timeout bounds the call. One case
-- is out of its hands: a connection that was cut in the middle of the call fails the commit; record_lake_failure() is for it.
create function pgtrickle.check_lake() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  is_alive boolean;
  v_version text;
  v_started_at timestamptz;
  v_problem text;
  failure_code text;
  failure text;
  catalog_problem record;
begin
  begin
    -- First, and from here: an engine that has been started since does not run.
    select * into catalog_problem from pgtrickle_internal.lake_catalog_problem(
      (select i.data_path from pgtrickle_internal.installation i));
    if catalog_problem.problem is not null then
      raise exception '%. %', catalog_problem.problem, catalog_problem.way_out using errcode = 'TR014';
    end if;
    select p.ok, p.version, p.started_at, p.problem into is_alive, v_version, v_started_at, v_problem from pgtrickle_lake.ping p;
    if is_alive is not true then
      failure_code := 'TR014';
      failure := coalesce(v_problem, 'the lake engine does not answer its ping');
    end if;
  exception
    when query_canceled then
      failure_code := 'TR014';
      failure := 'the lake engine did not answer in time';
    when others then
      failure_code := sqlstate;
      failure := sqlerrm;
  end;
  perform pgtrickle_internal.record_lake_health(failure_code, failure, v_version, v_started_at);
  return failure is null;
end
$$;
comment on function pgtrickle.check_lake() is 'Asks the lake engine whether it lives and records the answer; false if it does not.';
