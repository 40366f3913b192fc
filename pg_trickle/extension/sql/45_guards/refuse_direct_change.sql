-- What writes a stream table is fill_relations() and apply_changes(), and nothing else: they are looked for in the call stack,
-- which no setting can fake.
create function pgtrickle_internal.refuse_direct_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  stack text;
begin
  get diagnostics stack = pg_context;
  if stack ~ ' pgtrickle_internal\.(apply_changes|fill_relations)\(' then
    return null;
  end if;
  raise exception 'stream table %.% is maintained by pg_trickle: % is refused', quote_ident(tg_table_schema), quote_ident(tg_table_name), lower(tg_op)
    using errcode = 'TR013', hint = 'Change the lake tables that it reads; pgtrickle.rewind() brings its rows back to an older snapshot.';
end
$$;
comment on function pgtrickle_internal.refuse_direct_change() is 'Guard of every stream table against direct changes.';
