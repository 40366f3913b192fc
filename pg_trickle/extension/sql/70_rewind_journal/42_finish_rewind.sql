create function pgtrickle_rewind.finish_rewind(p_uid text, p_token uuid, p_assertions jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return pgtrickle_rewind.finish_move(p_uid, p_token, 'Rewind', p_assertions);
end;
$$;
comment on function pgtrickle_rewind.finish_rewind(text, uuid, jsonb) is
  'Last part of rewind(): publishes and records.';
