alter table pgtrickle_internal.staged_moves add column contradiction jsonb;
