-- Makes this backend findable as one that works for the operation, from the first moment of its transaction and
-- whatever its application_name: a claim terminates what it finds. A shared advisory lock delays nobody; the fence
-- itself is the row lock and the token.

create function pgtrickle_rewind.identify_backend(p_uid text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared(pgtrickle_rewind.backend_key(p_uid));
end;
$$;
comment on function pgtrickle_rewind.identify_backend(text) is 'Marks this backend as one that works for the operation.';
