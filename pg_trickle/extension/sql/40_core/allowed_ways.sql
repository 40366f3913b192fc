create function pgtrickle_internal.allowed_ways(p_id bigint, p_target bigint, p_allowed text) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st record;
begin
  select s.mode, s.contents_snapshot into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  return case p_allowed
    when 'Recompute' then array['Recompute']
    when 'Delta' then array['Nothing', 'Delta']
    when 'Journal' then array['Nothing', 'Journal']
    when 'Auto' then array['Nothing', 'Recompute']
      || case when st.mode = 'DIFFERENTIAL' then array['Delta'] else '{}' end
      -- Forwards, the journal could only repeat what an undone rewind took away.
      || case when p_target < st.contents_snapshot then array['Journal'] else '{}' end
  end;
end
$$;
comment on function pgtrickle_internal.allowed_ways(bigint, bigint, text) is 'The ways that a strategy may use.';
