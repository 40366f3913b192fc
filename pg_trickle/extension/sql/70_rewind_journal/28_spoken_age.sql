create function pgtrickle_rewind.spoken_age(p_since timestamptz) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seconds bigint := greatest(0, extract(epoch from clock_timestamp() - p_since));
begin
  return case
    when v_seconds = 1 then '1 second'
    when v_seconds < 120 then v_seconds || ' seconds'
    when v_seconds < 120 * 60 then v_seconds / 60 || ' minutes'
    when v_seconds < 48 * 60 * 60 then v_seconds / (60 * 60) || ' hours'
    else v_seconds / (24 * 60 * 60) || ' days'
  end;
end;
$$;
comment on function pgtrickle_rewind.spoken_age(timestamptz) is 'How long ago that was, for a message.';
