-- What the columns of hidden state are was told by their names only, and rows without a key were matched by the type of their key.
update pgtrickle_internal.stream_tables s set layout = s.layout || pgtrickle_internal.build_public_rows(s.layout)
  || jsonb_build_object('row_type', format('pgtrickle_state.m_%s', s.id)) || case s.layout ->> 'shape'
  when 'state' then jsonb_build_object('matched_by', 'key', 'row_count', 'n',
    'states', pgtrickle_internal.state_columns(s.description #> '{incremental,outputs}'))
  else jsonb_build_object('row_count', null, 'states', '[]'::jsonb) end;

create function pgtrickle_internal.update_row_types() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb;
begin
  for layout in select s.layout from pgtrickle_internal.stream_tables s where s.layout ->> 'matched_by' = 'rows' order by s.id loop
    execute format('create type %s as (%s)', layout ->> 'row_type',
      pgtrickle_internal.typed_columns(layout #> '{public_rows,columns}', layout #> '{public_rows,types}'));
    -- what an extension's script makes is the extension's, else
    execute format('alter extension pg_trickle drop type %s', layout ->> 'row_type');
  end loop;
end
$$;
select pgtrickle_internal.update_row_types();
drop function pgtrickle_internal.update_row_types();
