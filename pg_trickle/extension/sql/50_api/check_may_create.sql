-- Before the view, so that the messages are about stream tables, not about views.
create function pgtrickle_internal.check_may_create() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  perform pgtrickle_internal.check_adopted();
  perform pgtrickle_internal.check_catalog();
  if to_regclass('pgtrickle_lake.describe') is null then
    raise exception 'this database has no lake attached'
      using errcode = 'TR014', hint = 'A superuser calls pgtrickle.attach_lake(…) once.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_may_create() is 'What must be true before any stream table can be created.';
