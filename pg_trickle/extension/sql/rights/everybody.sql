-- What everybody may do. Functions are executable by PUBLIC when they are made, so that is taken back from all of them at once: whoever
-- forgets to think of it when a function is added has made it private. What members of our roles may call is granted beside each function.
revoke execute on all functions in schema pgtrickle, pgtrickle_internal, pgtrickle_guard, pgtrickle_changes, pgtrickle_reading, pgtrickle_rewind from public;

-- Reading: these run as their caller, and check SELECT on the stream table.
grant execute on function
  pgtrickle.at(anyelement, bigint),
  pgtrickle.diff(anyelement, bigint),
  pgtrickle.snapshots(text),
  pgtrickle.explain(text),
  pgtrickle.verify(text, text)
to public;

-- What stands behind them asks for the proof of pgtrickle_reading.caller, which calls proof() as its reader.
grant execute on function
  pgtrickle_reading.at(anyelement, bigint, pgtrickle_reading.caller),
  pgtrickle_reading.diff(anyelement, bigint, pgtrickle_reading.caller),
  pgtrickle_reading.snapshots(text, pgtrickle_reading.caller),
  pgtrickle_reading.explain(text, pgtrickle_reading.caller),
  pgtrickle_reading.verify(text, text, pgtrickle_reading.caller),
  pgtrickle_reading.proof(bytea, oid)
to public;

-- Views call these with their reader's rights.
grant execute on function
  pgtrickle_internal.status(bigint),
  pgtrickle_internal.holders(bigint),
  pgtrickle_internal.lake_problem(),
  pgtrickle_internal.next_scrub_at(bigint),
  pgtrickle_internal.scrub_summary(bigint),
  pgtrickle_changes.pending(bigint, text)
to public;

-- With all rights as they are to be, and last: its locks on the lake's catalog are kept to the end of the transaction. Where the lake is
-- older than the extension.
select pgtrickle_guard.attach();
