create function pgtrickle_internal.changes_part_sql(
  p_id bigint, p_relid regclass, p_relation text, p_position bigint, p_is_only boolean) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- names, not oids: the view must mean the same after a restore. Every value by a subselect of its own: shipped as a parameter; and no call of the engine when nothing is pending
  return format($sql$
    select c.snapshot_id, c.rowid, case c.sign when 1 then '+' else '-' end as change, %1$s
    from %2$s c
    where (select has_table_privilege(current_user, %3$L, 'select'))
      and (select p.reads <> '' from pgtrickle_changes.pending(%4$s, %3$L) p)
      and c.plan = (select p.plan from pgtrickle_changes.pending(%4$s, %3$L) p)
      and c.to_snapshot = (select p.to_snapshot from pgtrickle_changes.pending(%4$s, %3$L) p)
      and c.reads = (select p.reads from pgtrickle_changes.pending(%4$s, %3$L) p)$sql$,
    case when p_is_only then (
        select string_agg(format('c.x%s as %I', s.ordinal, case when s.name in ('snapshot_id', 'rowid', 'change')
          then 'source_' || s.name else s.name::text end), ', ' order by s.ordinal)
        from pgtrickle_internal.source_columns(p_relid) s)
      else format('%L::text as source, jsonb_build_object(%s) as "row"', p_relation, (
        select string_agg(format('%L, c.x%s', s.name, s.ordinal), ', ' order by s.ordinal)
        from pgtrickle_internal.source_columns(p_relid) s)) end,
    pgtrickle_internal.changes_table_name(p_id, p_position), p_relation, p_id);
end
$$;
comment on function pgtrickle_internal.changes_part_sql(bigint, regclass, text, bigint, boolean) is
  'The part of a changes view that reads one source.';
