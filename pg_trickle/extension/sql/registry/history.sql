-- Every change of a stream table's contents or frontier, in order of publication for each table: two refreshes of one
-- table never both publish unless the later one started from what the earlier one published (the generation).
create table pgtrickle_internal.refreshes (
  id bigint generated always as identity,
  stream_table_id bigint not null,
  action text not null,
  strategy text not null,
  reason text,
  outcome text not null default 'Succeeded',
  from_snapshot bigint,
  to_snapshot bigint,
  contents_before bigint,
  contents_after bigint,
  snapshots_read integer not null default 0,
  estimated_ms numeric,
  rows_removed bigint not null default 0,
  rows_added bigint not null default 0,
  is_journaled boolean not null default false,
  requested_by name not null,
  started_at timestamptz not null,
  finished_at timestamptz not null default clock_timestamp(),
  sqlstate text,
  error text,
  is_backward boolean generated always as (
    outcome = 'Succeeded' and (contents_after < contents_before or to_snapshot < from_snapshot)) stored,
  manifest_ids bigint[],
  files_read bigint not null default 0,
  is_mended boolean not null default false,
  constraint refreshes_pkey primary key (id),
  constraint refreshes_outcome_is_known check (outcome in ('Succeeded', 'Failed')),
  constraint refreshes_strategy_is_known
    check (strategy in ('Full', 'Delta', 'Journal', 'JournalDelta', 'Nothing', 'None')),
  constraint refreshes_failed_have_an_error check ((outcome = 'Failed') = (sqlstate is not null)),
  constraint refreshes_stream_table_fkey foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade
);
comment on table pgtrickle_internal.refreshes is
  'History. action: Initial, Full, Differential, Scheduled, Reinitialize, FrontierEdit, Rewind, Step, Replay, Scrub, Redefine (another query: nothing before, as with Initial). from/to_snapshot: the frontier before and after. Rows changed by a refresh are in the table''s journal if is_journaled.';
create index refreshes_by_stream_table on pgtrickle_internal.refreshes (stream_table_id, id);
comment on column pgtrickle_internal.refreshes.is_mended is 'The hidden state or the rows did not allow its delta, and were rebuilt.';
comment on column pgtrickle_internal.refreshes.is_backward is 'Moved the rows or the frontier to an earlier snapshot: whatever was rewound before may have to be rewound again.';
create index refreshes_by_manifest on pgtrickle_internal.refreshes using gin (manifest_ids) where manifest_ids is not null;
create index refreshes_backward on pgtrickle_internal.refreshes (stream_table_id, id) where is_backward;
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.refreshes', '');
select pg_catalog.pg_extension_config_dump('pgtrickle_internal.refreshes_id_seq', '');

create function pgtrickle_internal.add_reason(p_refresh bigint, p_instead text, p_besides text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update pgtrickle_internal.refreshes r set reason = concat_ws('; ', coalesce(p_instead, r.reason), p_besides)
    where r.id = p_refresh and coalesce(p_instead, p_besides) is not null;
end
$$;
comment on function pgtrickle_internal.add_reason(bigint, text, text) is 'Why a refresh went by another strategy, and what else there is to say.';

create function pgtrickle_internal.refresh_summary(p_refresh pgtrickle_internal.refreshes) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('%s: snapshot %s -> %s by %s, %s rows removed, %s added, %s ms',
      pgtrickle_internal.qualified_name((p_refresh).stream_table_id), coalesce((p_refresh).contents_before::text, 'none'),
      (p_refresh).to_snapshot, (p_refresh).strategy, (p_refresh).rows_removed, (p_refresh).rows_added,
      round(extract(epoch from (p_refresh).finished_at - (p_refresh).started_at) * 1000)));
end
$$;
comment on function pgtrickle_internal.refresh_summary(pgtrickle_internal.refreshes) is 'One line on a refresh, for psql.';
