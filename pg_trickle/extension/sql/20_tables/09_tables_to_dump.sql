-- State that a dump of the database must carry.
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.stream_tables', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.sources', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.holds', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.refreshes', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.settings', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.installation', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.stream_tables_id_seq', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.refreshes_id_seq', '');
