-- Everybody may look at what they may read; managing is for pgtrickle_admin (and inside, for a table's creator); the rest
-- is private. Functions are executable by PUBLIC when created, so that is taken back first.
revoke execute on all functions in schema pgtrickle, pgtrickle_internal from public;
grant usage on schema pgtrickle to public;
grant usage on schema pgtrickle_internal to pgtrickle_admin;
grant execute on function pgtrickle_internal.check_may_create(),
  pgtrickle_internal.register_stream_table(regclass, text, text, text, text, text) to pgtrickle_admin;
grant select on pgtrickle.pgt_stream_tables to public;
-- Its trigger lets only the frontier be updated, and says how the rest is done.
grant insert, update, delete on pgtrickle.pgt_stream_tables to pgtrickle_admin;
do $$
declare
  signature text;
begin
  for signature in
    select format('function %s', p.oid::regprocedure) from pg_catalog.pg_proc p
    where p.pronamespace = 'pgtrickle'::regnamespace
      and p.proname not in ('attach_lake', 'at', 'diff', 'snapshots', 'explain', 'verify', 'scheduler_start', 'due_refreshes',
        'next_due_ms', 'scheduled_refresh', 'record_failure', 'maintain', 'check_lake', 'record_lake_failure', 'scrub_due',
        'scheduled_scrub', 'record_scrub_failure', 'scrub_facts', 'lake_trouble')
  loop
    execute pg_catalog.format('grant execute on %s to pgtrickle_admin', signature);
  end loop;
  for signature in
    select format('function %s', p.oid::regprocedure) from pg_catalog.pg_proc p
    where p.pronamespace = 'pgtrickle'::regnamespace and p.proname in ('at', 'diff', 'snapshots', 'explain', 'verify')
  loop
    execute pg_catalog.format('grant execute on %s to public', signature);
  end loop;
  for signature in
    select format('function %s', p.oid::regprocedure) from pg_catalog.pg_proc p
    where p.pronamespace = 'pgtrickle'::regnamespace and p.proname in ('scheduler_start', 'due_refreshes',
      'next_due_ms', 'scheduled_refresh', 'record_failure', 'maintain', 'check_lake', 'record_lake_failure', 'scrub_due',
      'scheduled_scrub', 'record_scrub_failure', 'scrub_facts', 'lake_trouble')
  loop
    execute pg_catalog.format('grant execute on %s to pgtrickle_scheduler, pgtrickle_admin', signature);
  end loop;
end
$$;
-- The view calls these with its reader's rights.
grant execute on function pgtrickle_internal.status(bigint), pgtrickle_internal.holders(bigint),
  pgtrickle_internal.lake_problem(), pgtrickle_internal.next_scrub_at(bigint), pgtrickle_internal.scrub_summary(bigint) to public;
