-- Back to the head of the lake: all tables in one transaction and at one snapshot, asserted before anybody sees them.
-- Assertions are about the head: on its way there a stepwise replay shows what was, the later repaired rows included.

create function pgtrickle_rewind.replay(
  p_uid text, p_token uuid, p_mode text default 'Folded', p_assertions jsonb default '[]'
) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_is_last boolean := pgtrickle_rewind.begin_replay(p_uid, p_token, p_mode);
begin
  if v_is_last then
    perform pgtrickle_internal.check_assertions(p_assertions, pg_catalog.current_setting('search_path'));
  end if;
  return pgtrickle_rewind.finish_replay(p_uid, p_token, p_assertions);
end;
$$;
comment on function pgtrickle_rewind.replay(text, uuid, text, jsonb) is
  'Advances the operation''s stream tables to the head of the lake, asserted, and records it; gives what changed. In mode Stepwise one commit a call, until done is true.';
