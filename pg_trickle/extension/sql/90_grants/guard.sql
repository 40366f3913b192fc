-- The guard's functions run for whoever writes the catalog, with the rights of the role that has no others: see catalog_reader.sql.
revoke execute on all functions in schema pgtrickle_guard from public;
grant usage on schema pgtrickle_guard to pgtrickle_catalog_reader;
do $$
declare
  guard text;
begin
  foreach guard in array array[
    'remember_replaced()', 'check_delete_files()', 'judge_deletion(jsonb)', 'keep_replaced(jsonb, bigint)',
    'keep_inlined()', 'note_flush()', 'is_flush(jsonb)', 'judge_flush(jsonb)', 'check_inlined_deletions()',
    'check_merged_files()', 'check_changes()', 'check_rewrite(bigint, bigint)']
  loop
    execute pg_catalog.format('alter function pgtrickle_guard.%s owner to pgtrickle_catalog_reader', guard);
  end loop;
end
$$;
grant execute on function pgtrickle_guard.commit_id(), pgtrickle_guard.noted(text), pgtrickle_guard.note(text, bigint[]),
  pgtrickle_guard.replaced(), pgtrickle_guard.refuse(text, text), pgtrickle_guard.is_readable(text),
  pgtrickle_guard.record(bigint, bigint, bigint, bigint, text) to pgtrickle_catalog_reader;
-- Where the lake is older than the extension.
select pgtrickle_guard.attach();
