-- People's own DuckDB reads the lake with it: the catalog's tables, those that come later too, and nothing else.
create role timetravel_reader login;
grant usage on schema ducklake to timetravel_reader;
grant select on all tables in schema ducklake to timetravel_reader;
alter default privileges for role pgtrickle_catalog in schema ducklake grant select on tables to timetravel_reader;
