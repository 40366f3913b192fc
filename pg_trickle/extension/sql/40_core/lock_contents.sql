-- What follows reads the stream table by its name. While somebody drops it, that name may come to mean another relation, whose
-- code would run with the rights of the extension's owner: so the name is locked first, and then must still mean the table.
create function pgtrickle_internal.lock_contents(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  st pgtrickle_internal.stream_tables;
begin
  select s.* into st from pgtrickle_internal.stream_tables s where s.id = p_id;
  begin
    if st.id is not null then
      execute format('lock table only %s in access share mode', st.layout ->> 'public');
    end if;
  exception when undefined_table or invalid_schema_name then
    -- whoever dropped it has committed while this waited
    st.id := null;
  end;
  if st.id is null or to_regclass(st.layout ->> 'public') is distinct from st.relid then
    raise exception 'stream table % was dropped in the meantime', coalesce(st.layout ->> 'public', p_id::text)
      using errcode = 'TR001', hint = pgtrickle_internal.known_names();
  end if;
end
$$;
comment on function pgtrickle_internal.lock_contents(bigint) is
  'Until the end of the transaction the name of a stream table means this table; TR001 if it no longer does.';
