-- While an operation waits for a person, nothing else tells that its operator lives.

create function pgtrickle_rewind.keep_alive(p_uid text, p_token uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_rewind.take_lock(p_uid, p_token);
end;
$$;
comment on function pgtrickle_rewind.keep_alive(text, uuid) is
  'Says that the operator of the operation lives, so that resume_scheduler() does not take its hold over.';
