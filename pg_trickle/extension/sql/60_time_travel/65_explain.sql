create function pgtrickle.explain(name text) returns table (item text, value text)
language sql
as $$ select e.* from pgtrickle_reading.explain($1, (select c from pgtrickle_reading.caller c)) e $$;
comment on function pgtrickle.explain(text) is
  'How a stream table would be brought to the newest snapshot now, and why: ways, costs, frozen settings, the plan for the lake engine.';
