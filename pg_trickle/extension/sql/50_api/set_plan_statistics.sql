create function pgtrickle_internal.set_plan_statistics(p_table text, p_pseudo jsonb, p_rows integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  parts text[] := parse_ident(p_table);
begin
  perform pg_restore_relation_stats('schemaname', parts[1], 'relname', parts[2],
    'relpages', greatest(p_rows / 100, 1), 'reltuples', p_rows::real);
  perform pg_restore_attribute_stats('schemaname', parts[1], 'relname', parts[2], 'attname', c.name, 'inherited', false,
      'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 1::real)
    from jsonb_array_elements_text(p_pseudo) c (name);
end
$$;
comment on function pgtrickle_internal.set_plan_statistics(text, jsonb, integer) is 'Planner statistics of a plan table.';
