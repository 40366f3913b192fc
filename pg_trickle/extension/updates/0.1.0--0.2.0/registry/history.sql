alter table pgtrickle_internal.refreshes
  add column manifest_id bigint,
  add column files_read bigint not null default 0,
  add column is_mended boolean not null default false;
