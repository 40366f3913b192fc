-- Which database this state belongs to. A restored dump brings the old row along and finds itself elsewhere (TR017).
create table pgtrickle_internal.installation (
  is_only_row boolean not null default true,
  system_identifier text not null,
  database_oid oid not null,
  recorded_at timestamptz not null default clock_timestamp(),
  data_path text,
  constraint installation_pkey primary key (is_only_row),
  constraint installation_has_one_row check (is_only_row)
);
comment on table pgtrickle_internal.installation is
  'Written by attach_lake() and adopt(): two databases must not maintain one lake. data_path: where the lake engine has its files, as attach_lake() was told; NULL: not known.';
