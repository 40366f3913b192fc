create function pgtrickle_internal.drop_changes_view(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes_view regclass := pgtrickle_internal.changes_view_of(p_id);
  part text;
begin
  if changes_view is not null then
    execute format('drop view %s', changes_view);
  end if;
  for part in
    select format('pgtrickle_lake.%I', c.relname) from pg_class c
    where c.relnamespace = 'pgtrickle_lake'::regnamespace and c.relname ~ format('^c_%s_[0-9]+$', p_id)
  loop
    execute format('drop foreign table %s', part);
  end loop;
end
$$;
comment on function pgtrickle_internal.drop_changes_view(bigint) is 'Drops the view of the pending changes of a stream table.';
