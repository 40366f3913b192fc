-- Only the operator of its cluster, or a person, can know that the object of an operation is gone, e.g. deleted together
-- with its Secret. What a person has to know and to say then is said here.

create function pgtrickle_rewind.hold_hint(p_id bigint) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
begin
  return (
    select string_agg(
        format('Rewind %s/%s (operation %s) ', o.namespace, o.name, o.uid)
        || case
             when pgtrickle_rewind.is_worked_for(o.uid) then 'is at work at this moment.'
             when not pgtrickle_rewind.may_resume(o) then
               format('was last heard of %s ago, but you may not resume all that it holds: %s.',
                 pgtrickle_rewind.spoken_age(o.seen_at), array_to_string(o.table_names, ', '))
             else format('was last heard of %s ago; after %s of silence resume_scheduler() takes its hold over.',
                    pgtrickle_rewind.spoken_age(o.seen_at),
                    pgtrickle_rewind.spoken_age(clock_timestamp() - pgtrickle_rewind.silence_limit()))
           end
        || format(' If its object is gone: select pgtrickle_rewind.orphan(%L, %L);', o.uid, o.cluster), ' ')
    from pgtrickle_rewind.open_holders(p_id) o);
end;
$$;
comment on function pgtrickle_rewind.hold_hint(bigint) is
  'Which operations hold a stream table, when they were last heard of and how to free it if their objects are gone; or null.';
