create function pgtrickle_internal.attach_server(p_server text, p_options text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_value text;
  is_present boolean;
begin
  if not exists (select from pg_foreign_server where srvname = p_server) then
    execute format('create server %I foreign data wrapper ducklake_fdw', p_server);
  end if;
  for i in 1 .. array_length(p_options, 1) by 2 loop
    v_name := p_options[i];
    v_value := p_options[i + 1];
    is_present := exists (
      select from pg_foreign_server s, pg_options_to_table(s.srvoptions) o
      where s.srvname = p_server and o.option_name = v_name);
    if v_value is not null then
      execute format('alter server %I options (%s %I %L)', p_server,
        case when is_present then 'set' else 'add' end, v_name, v_value);
    elsif is_present then
      execute format('alter server %I options (drop %I)', p_server, v_name);
    end if;
  end loop;
end
$$;
comment on function pgtrickle_internal.attach_server(text, text[]) is 'Creates or updates a server of ducklake_fdw; options as name, value, …; a NULL value drops the option.';
