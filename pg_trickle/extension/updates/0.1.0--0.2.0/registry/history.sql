alter table pgtrickle_internal.refreshes
  add column manifest_ids bigint[],
  add column files_read bigint not null default 0,
  add column is_mended boolean not null default false;
-- It had two names; people asked for Full.
alter table pgtrickle_internal.refreshes drop constraint refreshes_strategy_is_known;
update pgtrickle_internal.refreshes r set strategy = 'Full' where r.strategy = 'Recompute';
alter table pgtrickle_internal.refreshes add constraint refreshes_strategy_is_known
  check (strategy in ('Full', 'Delta', 'Journal', 'JournalDelta', 'Nothing', 'None'));
