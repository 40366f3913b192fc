-- The database users of the example, besides the superuser. Give them passwords of your own:
--   alter role timetravel_operator password '…';

-- The operator's: it manages stream tables, and repairs of the lake's table run with its rights.
create role timetravel_operator login;
grant pgtrickle_admin to timetravel_operator;
grant usage on schema lake to timetravel_operator;
grant select, insert, update, delete on lake.events to timetravel_operator;
grant select on public.event_summary to timetravel_operator;

-- The scheduler's: it refreshes and records failures, nothing else.
create role timetravel_scheduler login;
grant pgtrickle_scheduler to timetravel_scheduler;

-- The generator's: it writes events.
create role timetravel_generator login;
grant usage on schema lake to timetravel_generator;
grant select, insert on lake.events to timetravel_generator;
