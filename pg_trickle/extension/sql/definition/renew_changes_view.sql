-- Another query may have other sources; then the view of what was not consumed yet is another one. If not, it stays as it is.

create function pgtrickle_internal.replace_sources(p_id bigint, p_sources jsonb) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- the oids too: a foreign table that was dropped and made again may have other columns
  relations_before oid[] := array(select s.relid from pgtrickle_internal.sources s where s.stream_table_id = p_id order by s.frontier_key);
  query_before text := pgtrickle_internal.changes_query(p_id);
begin
  perform pgtrickle_internal.register_sources(p_id, p_sources);
  return pgtrickle_internal.changes_query(p_id) is distinct from query_before
    or array(select s.relid::oid from pgtrickle_internal.sources s where s.stream_table_id = p_id order by s.frontier_key) <> relations_before;
end
$$;
comment on function pgtrickle_internal.replace_sources(bigint, jsonb) is
  'The sources of a stream table are these from now on; gives whether its changes view no longer fits them.';

-- With the rights that people had on it.
create function pgtrickle_internal.renew_changes_view(p_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes_view regclass := pgtrickle_internal.changes_view_of(p_id);
  rights aclitem[] := (select c.relacl from pg_class c where c.oid = changes_view);
  dependents text;
  granted record;
begin
  perform pgtrickle_internal.drop_changes_view(p_id);
  perform pgtrickle_internal.create_changes_view(p_id);
  changes_view := pgtrickle_internal.changes_view_of(p_id);
  for granted in
    select g.privilege_type, case g.grantee when 0 then 'public' else g.grantee::regrole::text end as grantee,
      case when g.is_grantable then ' with grant option' else '' end as option
    from aclexplode(rights) g join pg_class c on c.oid = changes_view where g.grantee <> c.relowner
  loop
    execute format('grant %s on %s to %s%s', granted.privilege_type, changes_view, granted.grantee, granted.option);
  end loop;
exception when dependent_objects_still_exist then
  get stacked diagnostics dependents = pg_exception_detail;
  raise exception 'the view of the changes of stream table % cannot be made anew for other sources: other objects depend on it',
      pgtrickle_internal.qualified_name(p_id)
    using errcode = '2BP01', detail = dependents, hint = 'Nothing was changed. Drop these objects first, and make them again afterwards.';
end
$$;
comment on function pgtrickle_internal.renew_changes_view(bigint) is
  'Makes the view of the pending changes of a stream table anew, with the rights on it; 2BP01 if somebody depends on it.';
