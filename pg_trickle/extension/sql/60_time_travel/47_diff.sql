create function pgtrickle.diff(row_type anyelement, snapshot_id bigint) returns table (change text, "row" anyelement)
language sql
as $$ select d.* from pgtrickle_reading.diff($1, $2, (select c from pgtrickle_reading.caller c)) d $$;
comment on function pgtrickle.diff(anyelement, bigint) is
  'What going to a snapshot would change: - for rows that would go, + for rows that would come.';
