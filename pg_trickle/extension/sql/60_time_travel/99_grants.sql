-- Beyond what 90_grants gives by name. The parts of a rewind are for those who may rewind; a staged move that is not
-- published by finish_moves() cannot be committed.
grant execute on function
  pgtrickle_internal.stage_rewind_by_name(text[], bigint, text, boolean),
  pgtrickle_internal.finish_moves(),
  pgtrickle_internal.check_assertions(jsonb, text),
  pgtrickle_internal.evaluate_assertion(text, text, text),
  pgtrickle_internal.single_row(text)
to pgtrickle_admin;
grant usage on schema pgtrickle_changes to public;
grant execute on function pgtrickle_changes.pending(bigint, text) to public;
revoke execute on all functions in schema pgtrickle_reading from public;
grant execute on function
  pgtrickle_reading.verify(text, text, pgtrickle_reading.caller),
  pgtrickle_reading.at(anyelement, bigint, pgtrickle_reading.caller),
  pgtrickle_reading.diff(anyelement, bigint, pgtrickle_reading.caller),
  pgtrickle_reading.snapshots(text, pgtrickle_reading.caller),
  pgtrickle_reading.explain(text, pgtrickle_reading.caller),
  -- the view calls it as its reader
  pgtrickle_reading.proof(bytea, oid)
to public;
