-- NULL: what the rows were computed from is not known, so the next refresh recomputes.
alter table pgtrickle_internal.stream_tables
  add column manifest_ids bigint[],
  add column definition_refresh bigint;
alter table pgtrickle_internal.stream_tables
  drop constraint stream_tables_mode_is_known,
  drop constraint stream_tables_differential_is_incremental,
  add constraint stream_tables_mode_is_known check (mode in ('AUTO', 'DIFFERENTIAL', 'FULL')),
  add constraint stream_tables_differential_is_incremental
    check (mode <> 'DIFFERENTIAL' or layout ->> 'delta' is not null);
