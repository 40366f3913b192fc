-- While an operation of the operator owns a table, a rewind by hand would pull the rows away under it.
create function pgtrickle_internal.check_no_operation(p_ids bigint[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  id bigint;
  owner jsonb;
begin
  -- a repair is told what it did wrong, not that its own operation is in the way
  perform pgtrickle_rewind.refuse_inside_repair();
  foreach id in array p_ids loop
    owner := pgtrickle_rewind.locked_by(id);
    if owner is not null then
      raise exception 'stream table % belongs to the rewind %/% now', pgtrickle_internal.qualified_name(id),
          owner ->> 'namespace', owner ->> 'name'
        using errcode = 'TR008', hint = 'Wait until it has ended, or delete it.';
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.check_no_operation(bigint[]) is
  'TR008 naming the operation that has locked one of these stream tables.';
