create function pgtrickle_internal.setting(p_name text) returns numeric
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  result numeric;
begin
  select coalesce(s.value, d.value) into result
    from pgtrickle_internal.setting_defaults() d left join pgtrickle_internal.settings s on s.name = d.name
    where d.name = p_name;
  if result is null then
    raise exception 'there is no setting "%"', p_name using errcode = 'TR021';
  end if;
  return result;
end
$$;
comment on function pgtrickle_internal.setting(text) is 'A number from pgtrickle_internal.settings, else its default.';
