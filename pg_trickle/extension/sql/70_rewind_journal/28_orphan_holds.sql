-- A hold that nobody owns any more becomes a person's: resume_scheduler() releases that one, and the reason tells the
-- next rewind that it may take it over.

create function pgtrickle_rewind.orphan_holds(p_ids bigint[], p_holder text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  v_id bigint;
begin
  foreach v_id in array p_ids loop
    -- a person's own pause stays as it is
    perform pgtrickle_internal.add_hold(v_id, 'person', 'orphan of ' || p_holder);
  end loop;
  perform pgtrickle_rewind.drop_holds(p_ids, p_holder);
end;
$$;
comment on function pgtrickle_rewind.orphan_holds(bigint[], text) is
  'Hands the holds of a rewind whose object is gone over to whoever resumes or rewinds next.';
