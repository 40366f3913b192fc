-- Any superuser may update; what is new belongs to the extension's owner all the same, and is granted by it, as what was there
-- before is. last/role.sql gives the role back.
select pg_catalog.set_config('pgtrickle.role_before', pg_catalog.current_setting('role'), true),
  pg_catalog.set_config('role', pg_catalog.pg_get_userbyid(e.extowner), true)
from pg_catalog.pg_extension e
where e.extname operator(pg_catalog.=) 'pg_trickle'
  and pg_catalog.pg_get_userbyid(e.extowner) operator(pg_catalog.<>) current_user;
