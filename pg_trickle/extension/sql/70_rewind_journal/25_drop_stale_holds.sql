-- The lock is exclusive, so every other rewind's hold on a locked table is left over from one that has ended:
-- failed and held, or orphaned. It is taken over.

create function pgtrickle_rewind.drop_stale_holds(p_ids bigint[], p_keep text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_hold record;
begin
  for v_hold in
    select h.stream_table_id, h.holder
    from pgtrickle_internal.holds h
    where h.stream_table_id = any (p_ids) and h.holder <> p_keep
      and (starts_with(h.holder, 'rewind:') or starts_with(h.reason, 'orphan of rewind:'))
    order by h.stream_table_id
  loop
    perform pgtrickle_internal.drop_hold(v_hold.stream_table_id, v_hold.holder);
  end loop;
end;
$$;
comment on function pgtrickle_rewind.drop_stale_holds(bigint[], text) is
  'Drops the holds that ended rewinds have left on these stream tables.';
