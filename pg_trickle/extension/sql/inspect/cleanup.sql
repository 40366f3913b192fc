-- How early other clients may take files away that the catalog does not know. A transaction writes its files before its COMMIT, and
-- the catalog knows them after it: a clean-up in between takes them, and COMMIT does not notice. The engine commits none that are
-- older than a day (lake/session/lake-transaction.ts), DuckLake leaves those of the last two days, unless the option says otherwise.
create function pgtrickle_internal.inspect_cleanup() returns setof pgtrickle_internal.finding
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_age text;
  v_is_short boolean;
begin
  begin
    select m.value into v_age from ducklake.ducklake_metadata m where m.key = 'delete_older_than' and m.scope is null;
    raise exception 'read' using errcode = 'TR999';
  exception when sqlstate 'TR999' then
    null;
  end;
  begin
    v_is_short := v_age::interval < interval '2 days';
  exception when data_exception then
    -- DuckDB's own way of writing one, or none.
    return;
  end;
  if v_is_short then
    return query select null::bigint, null::bigint, 'CleanupTooEarly'::text, null::bigint, null::bigint, 'option delete_older_than',
      format('option delete_older_than of the lake is %s: CHECKPOINT and a clean-up of orphaned files can take the files of a transaction that is open, such as a repair, which is then committed without them', v_age),
      E'-- in DuckDB, the lake attached as lake\ncall lake.set_option(''delete_older_than'', ''2 days'');';
  end if;
end
$$;
comment on function pgtrickle_internal.inspect_cleanup() is 'Whether the lake''s option delete_older_than lets clean-ups take files of open transactions.';
alter function pgtrickle_internal.inspect_cleanup() owner to pgtrickle_catalog_reader;
