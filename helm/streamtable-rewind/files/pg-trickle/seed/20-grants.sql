-- What the logins made by the bootstrap may do with the example's tables.

-- Repairs of the lake's table run with the operator's rights.
grant usage on schema lake to timetravel_operator;
grant select, insert, update, delete on lake.events to timetravel_operator;
grant select on public.event_summary to timetravel_operator;

-- The generator writes events.
grant usage on schema lake to timetravel_generator;
grant select, insert on lake.events to timetravel_generator;
