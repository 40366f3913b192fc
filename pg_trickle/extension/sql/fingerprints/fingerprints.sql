-- What the rows were after each refresh: their number, and the sum of the hashes of their text. The sum does not depend
-- on the order, and a refresh changes it by the hashes of the rows that went and came; so it is kept at the price of the
-- change, and a rewind by journal can be checked with the engine dead.

create table pgtrickle_internal.fingerprints (
  refresh_id       bigint  not null,
  stream_table_id  bigint  not null,
  row_count        bigint  not null,
  hash_sum         numeric not null,
  environment_id   integer default pgtrickle_internal.environment_id(),
  constraint fingerprints_pkey primary key (refresh_id),
  constraint fingerprints_row_count_is_not_negative check (row_count >= 0),
  constraint fingerprints_refresh_exists foreign key (refresh_id)
    references pgtrickle_internal.refreshes (id) on delete cascade,
  constraint fingerprints_stream_table_exists foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade,
  constraint fingerprints_environment_exists foreign key (environment_id)
    references pgtrickle_internal.environments (id)
);
create index fingerprints_by_stream_table on pgtrickle_internal.fingerprints (stream_table_id, refresh_id);
comment on table pgtrickle_internal.fingerprints is 'Row count and hash sum of a stream table after each refresh.';
comment on column pgtrickle_internal.fingerprints.environment_id is 'Under which versions the rows were computed; NULL: not known, which excuses no difference.';
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.fingerprints', '');

-- 128 bits in all: the number of rows, and the sum of 64-bit hashes modulo 2^64.
create function pgtrickle_internal.fingerprint(p_row_count bigint, p_hash_sum numeric) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  modulus constant numeric := 18446744073709551616;
  residue numeric := mod(mod(coalesce(p_hash_sum, 0), modulus) + modulus, modulus);
begin
  return p_row_count || '-' || lpad(to_hex((case when residue >= modulus / 2 then residue - modulus else residue end)::bigint), 16, '0');
end
$$;
comment on function pgtrickle_internal.fingerprint(bigint, numeric) is
  'Fingerprint of a multiset of rows, independent of their order.';

create function pgtrickle_internal.row_hash(p_image text) returns numeric
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select hashtextextended(p_image, 0)::numeric $$;
comment on function pgtrickle_internal.row_hash(text) is 'Hash of the text of a row.';

-- The public row of a base row, as a value of the stream table's own row type: its text is the text of the public row.
create function pgtrickle_internal.projected_image_sql(p_layout jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format('row(%s)::%s::text',
    (select string_agg(e.expression, ', ' order by e.position)
     from jsonb_array_elements_text(p_layout -> 'projection') with ordinality as e (expression, position)),
    p_layout ->> 'public');
end
$$;
comment on function pgtrickle_internal.projected_image_sql(jsonb) is
  'Expression over a base row f: the text of its public row.';

-- Settings that the text of a value depends on are fixed: a fingerprint must not depend on the session.
create function pgtrickle_internal.count_fingerprint(
  p_id bigint, p_after_refresh bigint default null, out row_count bigint, out hash_sum numeric)
language plpgsql
set search_path = pg_catalog, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, YMD'
set "IntervalStyle" = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
declare
  layout jsonb := (select s.layout from pgtrickle_internal.stream_tables s where s.id = p_id);
begin
  if p_after_refresh is null then
    perform pgtrickle_internal.lock_contents(p_id);
    execute format(
      'select count(*), coalesce(sum(pgtrickle_internal.row_hash("pgtrickle row"::text)), 0) from %s "pgtrickle row"',
      layout ->> 'public')
    into row_count, hash_sum;
  else
    execute format(
      'select coalesce(sum(f.weight), 0), coalesce(sum(f.weight * pgtrickle_internal.row_hash(%s)), 0) '
      'from %s',
      pgtrickle_internal.projected_image_sql(layout),
      pgtrickle_internal.projected_from(layout, format('(select * from %s where refresh_id > $1)', layout ->> 'journal')))
    into row_count, hash_sum using p_after_refresh;
  end if;
end
$$;
comment on function pgtrickle_internal.count_fingerprint(bigint, bigint) is
  'Row count and hash sum of the rows of a stream table; or, by the journal, their change after a refresh.';

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
          or r.strategy = 'Full' and r.action in ('Full', 'Reinitialize', 'Scrub')
          -- without hidden state, a journal also holds what a rebuild mended
          or r.strategy = 'Full' and new.layout ->> 'shape' = 'rows')) then
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
