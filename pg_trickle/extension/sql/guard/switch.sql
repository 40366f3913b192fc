-- On is the default. Off leaves the catalog as DuckLake makes it: nothing is repaired, refused or waited for.
create function pgtrickle.set_guard(enabled boolean) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  if not pg_has_role(pgtrickle_internal.caller(), 'pgtrickle_admin', 'usage') then
    raise exception 'permission denied to switch the guard of the lake''s catalog' using errcode = '42501';
  end if;
  insert into pgtrickle_internal.settings as s (name, value) values ('guard', enabled::integer)
    on conflict (name) do update set value = excluded.value;
  if enabled then
    perform pgtrickle_guard.attach();
  else
    perform pgtrickle_guard.detach();
  end if;
  return format('the guard is %s', case when enabled then 'on' else 'off' end);
end
$$;
comment on function pgtrickle.set_guard(boolean) is
  'Turns the guard of the lake''s catalog on or off: triggers that repair deletions dated to another commit and refuse what loses or doubles rows, whatever client it comes from. On by default.';
grant execute on function pgtrickle.set_guard(boolean) to pgtrickle_admin;
