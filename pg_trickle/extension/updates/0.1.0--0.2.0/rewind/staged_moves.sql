alter table pgtrickle_internal.staged_moves add column contradiction jsonb;
alter type pgtrickle.moved add attribute contradiction jsonb;
