-- What the columns of hidden state are was told by their names only.
update pgtrickle_internal.stream_tables s set layout = s.layout || case s.layout ->> 'shape'
  when 'state' then jsonb_build_object('row_count', 'n',
    'states', pgtrickle_internal.state_columns(s.description #> '{incremental,outputs}'))
  else jsonb_build_object('row_count', null, 'states', '[]'::jsonb) end;
