-- The operator connects as a member of pgtrickle_admin. It gets the functions of the contract and nothing beneath
-- them, except the two ends of run_repair, which runs as the caller.

revoke all on all tables in schema pgtrickle_rewind from public;
revoke all on all functions in schema pgtrickle_rewind from public;
grant usage on schema pgtrickle_rewind to pgtrickle_admin;
grant execute on function
  pgtrickle_rewind.observe(text, text[], bigint, timestamptz, text, text, text, text),
  pgtrickle_rewind.claim(text, text, text, text, text, text[]),
  pgtrickle_rewind.pause(text, uuid),
  pgtrickle_rewind.rewind(text, uuid, bigint, text, jsonb, boolean),
  pgtrickle_rewind.begin_rewind(text, uuid, bigint, text, boolean),
  pgtrickle_rewind.finish_rewind(text, uuid, jsonb),
  pgtrickle_rewind.begin_repair(text, uuid),
  pgtrickle_rewind.enter_repair(text, uuid, integer),
  pgtrickle_rewind.start_run(),
  pgtrickle_rewind.run_repair(text[]),
  pgtrickle_rewind.end_run(uuid),
  pgtrickle_rewind.finish_repair(text, uuid, integer, jsonb),
  pgtrickle_rewind.confirm_repair(text, uuid),
  pgtrickle_rewind.replay(text, uuid, text, jsonb),
  pgtrickle_rewind.begin_replay(text, uuid, text),
  pgtrickle_rewind.finish_replay(text, uuid, jsonb),
  pgtrickle_rewind.release(text, uuid, text, boolean),
  pgtrickle_rewind.keep_alive(text, uuid),
  pgtrickle_rewind.abandon(text, uuid, text),
  pgtrickle_rewind.fail_step(text, uuid, text, text, text),
  pgtrickle_rewind.orphan(text, text, text)
to pgtrickle_admin;
