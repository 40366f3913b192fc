create function pgtrickle_internal.build_layout(p_st pgtrickle_internal.stream_tables, p_view regclass) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  layout jsonb := jsonb_build_object(
    'public', format('%I.%I', p_st.schema_name, p_st.table_name),
    'journal', format('pgtrickle_state.j_%s', p_st.id), 'key_type', format('pgtrickle_state.k_%s', p_st.id),
    'recompute', format('pgtrickle_lake.r_%s', p_st.id),
    'public_columns', (select jsonb_agg(c.name order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c),
    'public_types', (select jsonb_agg(c.type order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c));
begin
  if (p_st.description #>> '{incremental,ok}')::boolean and not exists (
      select from jsonb_array_elements(p_st.description #> '{incremental,keys}') k (item) where k.item ->> 'output' is null) then
    return layout || pgtrickle_internal.build_state_layout(p_st, layout);
  end if;
  if p_st.mode = 'DIFFERENTIAL' then
    raise exception 'the query cannot be maintained incrementally: a GROUP BY expression is not among its columns'
      using errcode = 'TR009', detail = 'HIDDEN_KEY', hint = 'Select every GROUP BY expression too, or use mode FULL.';
  end if;
  return layout || jsonb_build_object('shape', 'rows', 'global', false, 'base', layout ->> 'public', 'delta', null,
    'base_names', layout -> 'public_columns', 'base_types', layout -> 'public_types',
    'base_columns', (select jsonb_agg('x' || c.ordinal order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c),
    'key_columns', (select jsonb_agg('x' || c.ordinal order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c),
    'key_types', layout -> 'public_types', 'public_key_columns', layout -> 'public_columns',
    'projection', (select jsonb_agg('f.x' || c.ordinal order by c.ordinal) from pgtrickle_internal.view_columns(p_view) c));
end
$$;
comment on function pgtrickle_internal.build_layout(pgtrickle_internal.stream_tables, regclass) is
  'Where the rows of a new stream table will be; see stream_tables.layout.';
