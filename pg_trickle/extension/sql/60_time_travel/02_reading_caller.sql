create view pgtrickle_reading.caller with (security_barrier) as
  select r.oid as role, pgtrickle_reading.proof(s.value, r.oid) as proof
  from pgtrickle_reading.secret s
  join pg_catalog.pg_roles r on r.rolname = current_user;
comment on view pgtrickle_reading.caller is 'Who reads this view, with a proof of it.';
grant select on pgtrickle_reading.caller to public;
