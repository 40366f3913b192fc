-- PostgreSQL's own postgres_fdw code under a name of our own: the name is how a lake table is recognised.
create foreign data wrapper ducklake_fdw handler postgres_fdw_handler validator postgres_fdw_validator;
comment on foreign data wrapper ducklake_fdw is 'DuckLake tables, reached through the lake engine by the PostgreSQL protocol.';
