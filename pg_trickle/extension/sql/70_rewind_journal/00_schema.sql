-- The operator's journal: what each rewind operation did, kept in the database that it changes, so that an effect
-- and the record of it commit together. Nobody has rights on the tables; the functions below are the only way in.

create schema pgtrickle_rewind;
comment on schema pgtrickle_rewind is
  'Journal, locks and fencing of rewind operations. Written by its functions only.';
