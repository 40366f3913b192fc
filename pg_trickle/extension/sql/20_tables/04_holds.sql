-- Why a stream table stands still. A hold has a holder, so that a resume by hand cannot undo a rewind's pause.
create table pgtrickle_internal.holds (
  stream_table_id bigint not null,
  holder text not null,
  held_by name not null,
  held_at timestamptz not null default clock_timestamp(),
  reason text,
  constraint holds_one_per_holder primary key (stream_table_id, holder),
  constraint holds_holder_is_named check (holder <> ''),
  constraint holds_stream_table_fkey foreign key (stream_table_id)
    references pgtrickle_internal.stream_tables (id) on delete cascade
);
comment on table pgtrickle_internal.holds is
  'A stream table with a hold is PAUSED. holder is person (pause_scheduler) or a name such as rewind:<namespace>/<name>.';
