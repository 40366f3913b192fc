-- A stream table with hidden state has one row a group. Rows that somebody repeated by force match the target one by one, so a
-- rebuild would leave them; counting is cheap, looking for them is done only when the counts differ.
create function pgtrickle_internal.delete_repeated_rows(p_layout jsonb) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_exact boolean;
  deleted bigint := 0;
begin
  execute format('select (select count(*) from %s) = (select count(*) from %s)', p_layout ->> 'public', p_layout ->> 'base') into is_exact;
  if not is_exact then
    execute format($sql$
      delete from %1$s p using (
        select r.ctid as tid, row_number() over (partition by %2$s) as copy from %1$s r) r
      where p.ctid = r.tid and r.copy > 1$sql$, p_layout ->> 'public',
      coalesce(pgtrickle_internal.column_list(p_layout -> 'public_key_columns', 'r'), 'true'));
    get diagnostics deleted = row_count;
  end if;
  return deleted;
end
$$;
comment on function pgtrickle_internal.delete_repeated_rows(jsonb) is 'Deletes rows of a stream table that are there more than once; gives their number.';
