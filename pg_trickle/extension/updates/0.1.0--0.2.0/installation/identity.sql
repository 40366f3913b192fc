-- Not known until attach_lake() is told.
alter table pgtrickle_internal.installation add column data_path text;
