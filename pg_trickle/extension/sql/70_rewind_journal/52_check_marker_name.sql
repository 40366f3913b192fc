create function pgtrickle_rewind.check_marker_name(p_repair pgtrickle_rewind.repair_transactions) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('postgres_fdw.application_name', true)
     is distinct from pgtrickle_rewind.operation_marker(p_repair.uid) || '/' || p_repair.attempt then
    raise exception 'the repair has changed postgres_fdw.application_name'
      using errcode = 'TR020', hint = 'The lake knows the repair by that name; leave it alone.';
  end if;
end;
$$;
comment on function pgtrickle_rewind.check_marker_name(pgtrickle_rewind.repair_transactions) is
  'TR020 unless connections to the lake carry the name of this attempt.';
