create function pgtrickle.verify(name text, level text default 'engine') returns pgtrickle.verification
language sql
as $$ select pgtrickle_reading.verify($1, $2, (select c from pgtrickle_reading.caller c)) $$;
comment on function pgtrickle.verify(text, text) is
  'A stream table against its query, as multisets. level engine: recomputed by the lake engine; rows: by PostgreSQL itself from the source''s rows; fingerprint: against what was recorded when the rows were published.';
