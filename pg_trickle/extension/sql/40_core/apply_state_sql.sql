-- Of a key at most one row goes and one comes; the one that comes decides. A rebuild compares all public rows with the
-- target, not only those of the changed groups, so that it also mends rows that somebody damaged.
create function pgtrickle_internal.apply_state_sql(p_layout jsonb, p_is_rebuild boolean) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  is_global boolean := (p_layout ->> 'global')::boolean;
  public_matches text := format('%s = %s',
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'p'),
    pgtrickle_internal.key_expression(p_layout, p_layout -> 'public_key_columns', 'f'));
begin
  return format($sql$,
    final as materialized (
      select %1$s n.weight, %2$s from net n order by %3$s n.weight desc %4$s),
    state as (
      merge into %5$s b using final f on %6$s
      when matched and f.weight < 0 then delete
      when matched then update set (%7$s) = row(%8$s)
      when not matched and f.weight > 0 then insert (%7$s) values (%8$s)
      returning 1),
    published as (
      merge into %9$s p using (select f.weight as "pgtrickle weight", %10$s from %11$s f) f on %12$s
      when matched and f."pgtrickle weight" < 0 then delete
      when matched and %13$s then update set (%15$s) = row(%14$s)
      when not matched and f."pgtrickle weight" > 0 then insert (%15$s) values (%14$s)
      %16$s
      returning merge_action() as action)
    select (select count(*) from final) - (select count(*) from state)
        + (select count(*) from net n where n.weight not in (-1, 1)) as unmatched_count,
      count(*) filter (where p.action <> 'INSERT') as rows_removed,
      count(*) filter (where p.action <> 'DELETE') as rows_added
    from published p$sql$,
    case when is_global then '' else format('distinct on (%s)', pgtrickle_internal.column_list(p_layout -> 'key_columns', 'n')) end,
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'n'),
    coalesce(pgtrickle_internal.column_list(p_layout -> 'key_columns', 'n') || ',', ''),
    case when is_global then 'limit 1' else '' end,
    p_layout ->> 'base',
    format('%s = %s', pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'b'),
      pgtrickle_internal.key_expression(p_layout, p_layout -> 'key_columns', 'f')),
    pgtrickle_internal.column_list(p_layout -> 'base_columns'),
    pgtrickle_internal.column_list(p_layout -> 'base_columns', 'f'),
    p_layout ->> 'public', pgtrickle_internal.projection_list(p_layout),
    case when p_is_rebuild then '(select 1 as weight, t.* from target t)' else 'final' end,
    public_matches,
    pgtrickle_internal.differs_sql(p_layout -> 'public_columns', p_layout -> 'public_types', 'p', 'f'),
    pgtrickle_internal.column_list(p_layout -> 'public_columns', 'f'),
    pgtrickle_internal.column_list(p_layout -> 'public_columns'),
    case when p_is_rebuild then 'when not matched by source then delete' else '' end);
end
$$;
comment on function pgtrickle_internal.apply_state_sql(jsonb, boolean) is 'The rest of apply_sql() for a table with hidden state.';
