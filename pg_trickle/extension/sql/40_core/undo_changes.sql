create function pgtrickle_internal.undo_changes(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('changes as (select -j.weight as weight, %s from %s j where j.refresh_id > $4)',
      pgtrickle_internal.column_list(p_layout -> 'base_columns', 'j'), p_layout ->> 'journal'));
end
$$;
comment on function pgtrickle_internal.undo_changes(jsonb) is 'CTE: the journal after refresh $4, negated.';
