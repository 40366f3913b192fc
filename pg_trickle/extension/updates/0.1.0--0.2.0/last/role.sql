-- Who was somebody else before before/as_owner.sql is so again.
select pg_catalog.set_config('role', r.before, true), pg_catalog.set_config('pgtrickle.role_before', '', true)
from pg_catalog.current_setting('pgtrickle.role_before', true) r (before)
where r.before operator(pg_catalog.<>) '';
