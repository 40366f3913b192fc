-- The rows that decide about a stream table: not from a repair, by whatever function it may reach them.

create trigger stream_tables_not_from_a_repair
before insert or update or delete on pgtrickle_internal.stream_tables
for each statement execute function pgtrickle_rewind.guard_against_repair();

create trigger holds_not_from_a_repair
before insert or update or delete on pgtrickle_internal.holds
for each statement execute function pgtrickle_rewind.guard_against_repair();

create trigger refreshes_not_from_a_repair
before insert or update or delete on pgtrickle_internal.refreshes
for each statement execute function pgtrickle_rewind.guard_against_repair();
