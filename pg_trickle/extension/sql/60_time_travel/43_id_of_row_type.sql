create function pgtrickle_reading.id_of_row_type(p_type regtype, p_caller pgtrickle_reading.caller) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  id bigint := (
    select s.id from pgtrickle_internal.stream_tables s join pg_type t on t.typrelid = s.relid where t.oid = p_type);
begin
  if id is null then
    raise exception '% is not the row type of a stream table', p_type
      using errcode = 'TR001', hint = 'Write null::public.event_summary for the stream table public.event_summary. '
        || pgtrickle_internal.known_names();
  end if;
  perform pgtrickle_reading.check_may_read(id, p_caller);
  return id;
end
$$;
comment on function pgtrickle_reading.id_of_row_type(regtype, pgtrickle_reading.caller) is
  'The stream table with this row type, if the caller may read it.';
