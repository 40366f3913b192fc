-- The one snapshot that a frontier stands at. DuckLake's ids are global, so a valid frontier names one id for all its
-- sources; immutable because a generated column is made from it.
create function pgtrickle_internal.frontier_snapshot(frontier jsonb) returns bigint
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select min((source.value ->> 'snapshot_id')::bigint) from jsonb_each(frontier -> 'sources') source;
end;
comment on function pgtrickle_internal.frontier_snapshot(jsonb) is 'The snapshot id that a frontier stands at.';
