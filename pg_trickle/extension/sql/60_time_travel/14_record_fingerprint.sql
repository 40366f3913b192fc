-- Runs with every publication, when rows, journal and history are written. Where the journal has the changes it costs as
-- much as the change, else (first fill) a look at all rows.
create function pgtrickle_internal.record_fingerprint() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $$
declare
  latest bigint;
  known pgtrickle_internal.fingerprints;
  counted record;
begin
  select max(r.id) into latest
    from pgtrickle_internal.refreshes r
    where r.stream_table_id = new.id and r.outcome = 'Succeeded' and r.contents_after = new.contents_snapshot;
  select f.* into known
    from pgtrickle_internal.fingerprints f
    where f.stream_table_id = new.id order by f.refresh_id desc limit 1;
  if latest is null or latest <= known.refresh_id then
    return null;
  end if;
  if known.refresh_id is not null and not exists (
      select from pgtrickle_internal.refreshes r
      where r.stream_table_id = new.id and r.id > known.refresh_id and r.outcome = 'Succeeded'
        and (not r.is_journaled and r.strategy not in ('Nothing', 'None')
          -- rebuilt: the journal knows nothing of rows or a hidden state that somebody changed by force
          or r.strategy = 'Recompute' and r.action in ('Full', 'Reinitialize', 'Scrub')
          -- without hidden state, a journal also holds what a rebuild mended
          or r.strategy = 'Recompute' and new.layout ->> 'shape' = 'rows')) then
    counted := pgtrickle_internal.count_fingerprint(new.id, known.refresh_id);
    counted.row_count := known.row_count + counted.row_count;
    counted.hash_sum := known.hash_sum + counted.hash_sum;
  else
    counted := pgtrickle_internal.count_fingerprint(new.id);
  end if;
  insert into pgtrickle_internal.fingerprints (refresh_id, stream_table_id, row_count, hash_sum)
    values (latest, new.id, counted.row_count, counted.hash_sum);
  return null;
end
$$;
comment on function pgtrickle_internal.record_fingerprint() is 'Keeps the fingerprint of each refresh.';

create trigger stream_tables_record_fingerprint
after update on pgtrickle_internal.stream_tables
for each row when (new.contents_snapshot is not null and old.generation is distinct from new.generation)
execute function pgtrickle_internal.record_fingerprint();
