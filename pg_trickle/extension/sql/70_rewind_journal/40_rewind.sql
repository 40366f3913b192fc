-- Rewind and its journal row in one transaction. Three parts, because the assertions run as the caller, with the
-- caller's search_path, and everything around them as the owner.

create function pgtrickle_rewind.rewind(
  p_uid text, p_token uuid, p_snapshot bigint, p_strategy text default 'Auto', p_assertions jsonb default '[]',
  p_is_accepted boolean default false
) returns jsonb
language plpgsql volatile security invoker
as $$
begin
  perform pgtrickle_rewind.begin_rewind(p_uid, p_token, p_snapshot, p_strategy, p_is_accepted);
  perform pgtrickle_internal.check_assertions(p_assertions, pg_catalog.current_setting('search_path'));
  return pgtrickle_rewind.finish_rewind(p_uid, p_token, p_assertions);
end;
$$;
comment on function pgtrickle_rewind.rewind(text, uuid, bigint, text, jsonb, boolean) is
  'Rewinds the operation''s stream tables to one snapshot, verified and asserted, and records it; gives what changed. p_is_accepted: by the lake''s rows also where others were published there.';
