create function pgtrickle_reading.at(p_row_type anyelement, p_snapshot bigint, p_caller pgtrickle_reading.caller)
returns setof anyelement
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  id bigint := pgtrickle_reading.id_of_row_type(pg_typeof(p_row_type), p_caller);
  boundary bigint := pgtrickle_internal.reading_boundary(id, p_snapshot);
begin
  if boundary is not null then
    return query execute pgtrickle_internal.undo_rows_sql(id) using boundary;
  else
    return query execute pgtrickle_internal.target_rows_sql(id) using pgtrickle_internal.plan_text(id), p_snapshot;
  end if;
exception
  when sqlclient_unable_to_establish_sqlconnection or connection_failure or connection_exception or sqlstate 'LT013'
    or fdw_unable_to_establish_connection then
    raise exception 'the lake engine cannot be reached: %', sqlerrm
      using errcode = 'TR014', hint = 'Try again when it is back.';
end
$$;
comment on function pgtrickle_reading.at(anyelement, bigint, pgtrickle_reading.caller) is 'Behind pgtrickle.at().';
