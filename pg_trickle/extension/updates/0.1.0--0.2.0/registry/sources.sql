alter table pgtrickle_internal.sources add column lake_columns text[];
