-- An expired snapshot is still a target where the undo journal reaches it.
create function pgtrickle_internal.check_known_snapshot(p_ids bigint[], p_snapshot bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_snapshot is not null and p_snapshot <= pgtrickle_internal.lake_head() and cardinality(p_ids) > 0
      and not exists (select from unnest(p_ids) i where pgtrickle_internal.journal_boundary(i, p_snapshot) is null) then
    return;
  end if;
  perform pgtrickle_internal.check_snapshot(p_snapshot);
end
$$;
comment on function pgtrickle_internal.check_known_snapshot(bigint[], bigint) is
  'check_snapshot(), unless the undo journals of all these tables reach the snapshot without the lake.';
