create function pgtrickle.drop_stream_table(name text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint := pgtrickle_internal.resolve(drop_stream_table.name);
  layout jsonb;
begin
  perform pgtrickle_internal.authorise(v_id, 'drop');
  -- The order of a refresh: the table, then the registry row.
  execute format('lock table %s in access exclusive mode', pgtrickle_internal.qualified_name(v_id));
  perform pgtrickle_internal.lock_gate(v_id);
  perform pgtrickle_internal.check_only_person_holds(v_id, 'drop it');
  if to_regprocedure('pgtrickle_internal.drop_changes_view(bigint)') is not null then
    perform pgtrickle_internal.drop_changes_view(v_id);
  end if;
  -- Out of the registry first: from then on it is an ordinary table, which the guards let go.
  delete from pgtrickle_internal.stream_tables s where s.id = v_id returning s.layout into layout;
  execute format('drop foreign table %s', layout ->> 'recompute');
  if layout ->> 'delta' is not null then
    execute format('drop foreign table %s', layout ->> 'delta');
    execute format('drop table %s', layout ->> 'base');
  end if;
  execute format('drop table %s', layout ->> 'journal');
  execute format('drop table %s', layout ->> 'public');
  execute format('drop type if exists %s', layout ->> 'key_type');
end
$$;
comment on function pgtrickle.drop_stream_table(text) is
  'Drops a stream table with its hidden state and journal. Fails while another object depends on it or a rewind holds it.';
