-- Files that the catalog lists and the storage does not have: PostgreSQL cannot look, the engine lists a folder for it. Files come and
-- go meanwhile, so a file is missing only if the catalog lists it before the engine has looked and after.

create function pgtrickle_internal.stored_files(p_folder text) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_files text[];
begin
  -- Materialized: the engine makes no arrays.
  execute 'with s as materialized (select path from pgtrickle_lake.stored where folder = (select $1))
    select coalesce(array_agg(s.path), ''{}'') from s' into v_files using p_folder;
  return v_files;
end
$$;
comment on function pgtrickle_internal.stored_files(text) is 'The files that are below that folder of the data path, as the engine sees them.';

create function pgtrickle_internal.missing_files(p_tables bigint[])
returns table (table_id bigint, qualified_name text, data_file_id bigint, what text, id bigint, first bigint, last bigint, place text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  t record;
  v_base text;
  v_listed text[];
  v_stored text[];
begin
  for t in select l.* from pgtrickle_internal.lake_tables() l where l.table_id = any (p_tables) order by l.table_id loop
    -- What is outside of the data path the engine cannot see: it is told as such. What is elsewhere in it wants all of it listed.
    select array_agg(f.what || f.id), case when bool_and(starts_with(f.place, t.folder)) and t.is_relative then t.folder else t.data_path end
      into v_listed, v_base
      from pgtrickle_internal.registered_files(array[t.table_id]) f where starts_with(f.place, t.data_path);
    continue when v_listed is null;
    v_stored := pgtrickle_internal.stored_files(substr(v_base, length(t.data_path) + 1));
    return query
      select t.table_id, format('%s.%s', t.schema_name, t.table_name), f.data_file_id, f.what, f.id, f.first, f.last, f.place
      from pgtrickle_internal.registered_files(array[t.table_id]) f
      left join unnest(v_stored) s (path) on v_base || s.path = f.place
      where f.what || f.id = any (v_listed) and s.path is null;
  end loop;
end
$$;
comment on function pgtrickle_internal.missing_files(bigint[]) is 'Files of these lake tables that the storage does not have any more; asks the engine.';

create function pgtrickle_internal.inspect_storage(p_tables bigint[]) returns setof pgtrickle_internal.finding
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select f.table_id, f.data_file_id, 'FileMissing', f.first, f.last, format('%s file %s', f.what, f.id),
      format('%s file %s of %s is gone from the storage: %s', f.what, f.id, f.qualified_name, f.place),
      case f.what
        when 'data' then
          E'-- bring the file back from a backup. Without one its rows are lost; this lets the others be read, in PostgreSQL\n'
          || case when to_regclass(format('ducklake.ducklake_inlined_delete_%s', f.table_id)) is not null
            then format(E'delete from ducklake.ducklake_inlined_delete_%s where file_id = %s;\n', f.table_id, f.id) else '' end
          || format(E'delete from ducklake.ducklake_delete_file where data_file_id = %1$s;\n'
            'delete from ducklake.ducklake_file_column_stats where data_file_id = %1$s;\n'
            'delete from ducklake.ducklake_data_file where data_file_id = %1$s;', f.id)
        else format(E'-- bring the file back from a backup. Without one the rows that it deletes are back, and have to be deleted again after, '
          'in PostgreSQL\ndelete from ducklake.ducklake_delete_file where delete_file_id = %s;', f.id)
      end
    from pgtrickle_internal.missing_files(p_tables) f;
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Start it and try again, or leave the storage out.';
end
$$;
comment on function pgtrickle_internal.inspect_storage(bigint[]) is 'The same as findings; TR014.';
