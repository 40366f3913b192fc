create function pgtrickle_rewind.backend_key(p_uid text) returns bigint
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select hashtextextended('strw/' || p_uid, 0) $$;
comment on function pgtrickle_rewind.backend_key(text) is 'Key of the advisory lock that marks the backends of an operation.';
