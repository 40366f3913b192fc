-- The role that runs queries over rows of the lake asks the engine as the extension's owner does, where a lake is attached.
create function pgtrickle_internal.update_top_role() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  mapping text[] := (
    select m.umoptions from pg_user_mapping m join pg_foreign_server s on s.oid = m.umserver
    where s.srvname = 'lake_engine' and m.umuser = current_user::regrole);
begin
  if mapping is not null then
    perform pgtrickle_internal.attach_user('lake_engine', 'pgtrickle_top', o.values ->> 'user', o.values ->> 'password')
      from (select jsonb_object_agg(split_part(m.option, '=', 1), substr(m.option, strpos(m.option, '=') + 1)) from unnest(mapping) m (option)) o (values);
  end if;
end
$$;
select pgtrickle_internal.update_top_role();
drop function pgtrickle_internal.update_top_role();
