create function pgtrickle_internal.generation(p_id bigint) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select s.generation from pgtrickle_internal.stream_tables s where s.id = p_id);
end
$$;
comment on function pgtrickle_internal.generation(bigint) is 'Read at the start of a refresh, compared by publish().';
