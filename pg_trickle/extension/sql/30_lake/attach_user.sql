create function pgtrickle_internal.attach_user(p_server text, p_role text, p_user text, p_password text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create user mapping if not exists for %s server %I', p_role, p_server);
  execute format('alter user mapping for %s server %I options (%s)', p_role, p_server, (
    select string_agg(format('%s %s %L', case when present.option_name is null then 'add' else 'set' end, wanted.name, wanted.value), ', ')
    from (values ('user', p_user), ('password', p_password)) as wanted (name, value)
    left join (
      select o.option_name from pg_user_mappings m, pg_options_to_table(m.umoptions) o
      where m.srvname = p_server
        and m.umuser = case when p_role = 'public' then 0 else p_role::regrole::oid end
    ) present on present.option_name = wanted.name));
end
$$;
comment on function pgtrickle_internal.attach_user(text, text, text, text) is 'Creates or updates a user mapping.';
