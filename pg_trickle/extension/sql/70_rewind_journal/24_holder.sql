create function pgtrickle_rewind.holder(p_operation pgtrickle_rewind.operations) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select 'rewind:' || p_operation.namespace || '/' || p_operation.name $$;
comment on function pgtrickle_rewind.holder(pgtrickle_rewind.operations) is 'Name of the hold of an operation.';
