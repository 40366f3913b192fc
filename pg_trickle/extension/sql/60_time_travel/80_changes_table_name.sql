create function pgtrickle_internal.changes_table_name(p_id bigint, p_position bigint) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select format('pgtrickle_lake.c_%s_%s', p_id, p_position) $$;
comment on function pgtrickle_internal.changes_table_name(bigint, bigint) is
  'Foreign table through which the changes of one source of a stream table are read.';
