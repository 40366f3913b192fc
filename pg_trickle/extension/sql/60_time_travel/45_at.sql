create function pgtrickle.at(row_type anyelement, snapshot_id bigint) returns setof anyelement
language sql
as $$ select r.* from pgtrickle_reading.at($1, $2, (select c from pgtrickle_reading.caller c)) r $$;
comment on function pgtrickle.at(anyelement, bigint) is
  'The rows of a stream table at a snapshot: select * from pgtrickle.at(null::public.event_summary, 42).';
