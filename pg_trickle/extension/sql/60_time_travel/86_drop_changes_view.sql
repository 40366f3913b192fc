create function pgtrickle_internal.drop_changes_view(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  relid oid := (select s.relid from pgtrickle_internal.stream_tables s where s.id = p_id);
  part text;
begin
  execute format('drop view if exists pgtrickle_changes.changes_%s', relid);
  for part in
    select format('pgtrickle_lake.%I', c.relname) from pg_class c
    where c.relnamespace = 'pgtrickle_lake'::regnamespace and c.relname ~ format('^c_%s_[0-9]+$', p_id)
  loop
    execute format('drop foreign table %s', part);
  end loop;
end
$$;
comment on function pgtrickle_internal.drop_changes_view(bigint) is 'Drops the view of the pending changes of a stream table.';
