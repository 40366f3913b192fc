create function pgtrickle_rewind.operation_marker(p_uid text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select 'strw/' || p_uid || '/repair' $$;
comment on function pgtrickle_rewind.operation_marker(text) is
  'What the lake engine writes into commit_extra_info of the repair''s snapshot.';
