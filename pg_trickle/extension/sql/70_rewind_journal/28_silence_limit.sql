-- Four times as long as the operator lets pass between two signs of life, and as long as a deleted object may keep a table.

create function pgtrickle_rewind.silence_limit() returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select interval '2 minutes' $$;
comment on function pgtrickle_rewind.silence_limit() is
  'An operation whose operator was not heard of for longer may be taken over by resume_scheduler().';
