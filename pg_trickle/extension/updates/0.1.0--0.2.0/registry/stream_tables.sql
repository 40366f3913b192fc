-- NULL: what the rows were computed from is not known, so the next refresh recomputes.
alter table pgtrickle_internal.stream_tables
  add column manifest_id bigint,
  add column definition_refresh bigint;
