-- Numbers changed by the administrator; the defaults, with their reasons, stand in setting_defaults().
create table pgtrickle_internal.settings (
  name text not null,
  value numeric not null,
  constraint settings_pkey primary key (name),
  constraint settings_are_not_negative check (value >= 0)
);
comment on table pgtrickle_internal.settings is 'Settings that differ from their default; names in pgtrickle_internal.setting_defaults().';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.settings', '');

-- The numbers that decide, each with its reason.
create function pgtrickle_internal.setting_defaults()
returns table (name text, value numeric, description text)
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
begin atomic
  select * from (values
    ('delta_base_ms', 16::numeric, 'estimated cost of a refresh by delta: one call of the engine'),
    ('delta_file_ms', 3, 'and for each file that came, went or has other deletions'),
    ('delta_million_rows_ms', 400, 'and for each million rows that are read'),
    ('delta_million_merged_rows_ms', 60, 'and for each million rows of which only the snapshot is read, after a merge or flush'),
    ('delta_rows_limit', 20000000, 'rows that a delta reads at most'),
    ('recompute_base_ms', 20, 'estimated cost of a refresh by recomputing (measured 23 ms at 10^5 rows)'),
    ('recompute_million_rows_ms', 6, 'and for each million rows of the sources (measured 83 ms at 10^7 rows)'),
    ('recompute_file_ms', 0.1, 'and for each data file'),
    ('leaf_million_rows_ms', 8000, 'and for each million rows that come to PostgreSQL, where it runs the query'),
    ('recompute_thousand_groups_ms', 3.5, 'and for each thousand rows of the result'),
    ('journal_base_ms', 2, 'estimated cost of a rewind by journal'),
    ('journal_thousand_rows_ms', 10, 'and for each thousand journal rows'),
    ('journal_keep_refreshes', 1000, 'refreshes whose undo journal is kept, for each table'),
    ('history_keep_refreshes', 10000, 'refreshes kept in the history, for each table'),
    ('backoff_base_ms', 1000, 'wait after the first failed scheduled refresh; doubles with each further one'),
    ('backoff_limit_ms', 60000, 'longest wait after failed refreshes'),
    ('lake_health_max_age_ms', 15000, 'an older answer of the lake than this counts as none'),
    ('guard', 1, '1: triggers on the lake''s catalog keep other clients from spoiling it; set by pgtrickle.set_guard()'),
    ('leaf_rows_limit', 10000000, 'rows of a lake table that a query which PostgreSQL runs may need; they are kept in its temporary files'),
    ('query_temp_file_mb', 8192, 'temporary files that a query which PostgreSQL runs may write; taken over when the query is given'),
    ('scrub_interval_ms', 3600000, 'a scheduled stream table is due for a scrub when its last one is older'),
    ('scrub_budget_percent', 5, 'share of the time that scrubs may take; it wins over the interval; 0: no scrubs'),
    ('scrub_rows_limit', 10000, 'up to so many rows of its sources PostgreSQL itself runs the query too, in each scrub (measured 50 ms a thousand rows)')
  ) as defaults (name, value, description);
end;
comment on function pgtrickle_internal.setting_defaults() is 'All settings with their defaults.';

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
