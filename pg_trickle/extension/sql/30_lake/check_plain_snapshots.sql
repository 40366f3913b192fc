-- Whatever could run code of the catalog's owner when the row of a snapshot is locked.
create function pgtrickle_internal.check_plain_snapshots() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relation oid := 'ducklake.ducklake_snapshot'::regclass;
  v_odd text;
begin
  select string_agg(odd.what, ', ') into v_odd
  from (
    select 'it is no table' as what from pg_class c where c.oid = v_relation and c.relkind <> 'r'
    union all
    select 'row security' from pg_class c where c.oid = v_relation and c.relrowsecurity
    union all
    select 'inheritance' from pg_inherits i where v_relation in (i.inhrelid, i.inhparent)
    union all
    select 'rule ' || r.rulename from pg_rewrite r where r.ev_class = v_relation
    union all
    select 'index ' || i.indexrelid::regclass::text from pg_index i
      where i.indrelid = v_relation and (i.indexprs is not null or i.indpred is not null)
    union all
    select 'statistics ' || e.stxname from pg_statistic_ext e where e.stxrelid = v_relation and e.stxexprs is not null
    union all
    select 'constraint ' || c.conname from pg_constraint c where c.conrelid = v_relation and c.contype = 'c'
    union all
    select 'column ' || a.attname from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = v_relation and a.attnum > 0 and not a.attisdropped
        and (t.typnamespace <> 'pg_catalog'::regnamespace or a.attgenerated <> '')
  ) odd;
  if v_odd is not null then
    raise exception 'ducklake.ducklake_snapshot is not the table that DuckLake makes: %', v_odd
      using errcode = '42501', hint = 'Remove what was attached to it. Only the engine may have the password of pgtrickle_catalog.';
  end if;
end
$$;
comment on function pgtrickle_internal.check_plain_snapshots() is
  '42501 unless ducklake.ducklake_snapshot is a plain table that runs nobody''s code.';
