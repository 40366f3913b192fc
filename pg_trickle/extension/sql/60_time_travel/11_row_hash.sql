create function pgtrickle_internal.row_hash(p_image text) returns numeric
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select hashtextextended(p_image, 0)::numeric $$;
comment on function pgtrickle_internal.row_hash(text) is 'Hash of the text of a row.';
