create function pgtrickle_internal.journal_boundary(p_id bigint, p_target bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select max(r.id) from pgtrickle_internal.refreshes r
    join pgtrickle_internal.stream_tables s on s.id = r.stream_table_id
    where r.stream_table_id = p_id and r.outcome = 'Succeeded' and r.contents_after = p_target
      and r.id >= s.journal_floor);
end
$$;
comment on function pgtrickle_internal.journal_boundary(bigint, bigint) is
  'The last refresh after which the contents were those of that snapshot, if all later ones can be undone; else NULL.';
