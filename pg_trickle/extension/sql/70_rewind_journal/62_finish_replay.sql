create function pgtrickle_rewind.finish_replay(p_uid text, p_token uuid, p_assertions jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return pgtrickle_rewind.finish_move(p_uid, p_token, 'Replay', p_assertions);
end;
$$;
comment on function pgtrickle_rewind.finish_replay(text, uuid, jsonb) is 'Last part of replay(): publishes and records.';
