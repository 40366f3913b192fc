create function pgtrickle_internal.refuse_unpublished() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  if exists (select from pgtrickle_internal.staged_moves m
             where m.xid = new.xid and m.stream_table_id = new.stream_table_id) then
    raise exception 'stream table % was moved to snapshot % and not published',
        pgtrickle_internal.qualified_name(new.stream_table_id), new.snapshot_id
      using errcode = 'TR012', hint = 'Call pgtrickle.rewind(…) as a whole, not its parts.';
  end if;
  return null;
end
$$;
comment on function pgtrickle_internal.refuse_unpublished() is 'At commit: TR012 if a staged move was not published.';

create constraint trigger staged_moves_are_published
after insert on pgtrickle_internal.staged_moves
deferrable initially deferred
for each row execute function pgtrickle_internal.refuse_unpublished();
