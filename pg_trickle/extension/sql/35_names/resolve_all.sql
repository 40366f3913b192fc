create function pgtrickle_internal.resolve_all(p_names text[]) returns bigint[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  ids bigint[] := '{}';
  wanted text;
begin
  if coalesce(array_length(p_names, 1), 0) = 0 then
    raise exception 'no stream table is named'
      using errcode = 'TR021', hint = pgtrickle_internal.known_names();
  end if;
  foreach wanted in array p_names loop
    ids := ids || pgtrickle_internal.resolve(wanted);
  end loop;
  -- One order for all that lock several: no deadlocks among them.
  return (select array_agg(distinct i order by i) from unnest(ids) i);
end
$$;
comment on function pgtrickle_internal.resolve_all(text[]) is 'Ids of these stream tables, sorted, without repeats.';
