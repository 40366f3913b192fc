create function pgtrickle_internal.populate(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  generation bigint := pgtrickle_internal.generation(p_id);
  head bigint := pgtrickle_internal.lake_head();
begin
  perform pgtrickle_internal.move_contents(p_id, head, 'Initial');
  perform pgtrickle_internal.publish(p_id, generation, head);
  execute (select format('analyze %s, %s', s.layout ->> 'public', s.layout ->> 'base') from pgtrickle_internal.stream_tables s where s.id = p_id);
exception when sqlstate 'TR014' then
  raise notice 'stream table % is created, but not filled yet: %. The scheduler will populate it',
    pgtrickle_internal.qualified_name(p_id), sqlerrm;
end
$$;
comment on function pgtrickle_internal.populate(bigint) is 'First rows of a stream table, at head; left to the scheduler if the engine is gone.';
