-- Without the default at first: under which versions the old ones were recorded is not known.
alter table pgtrickle_internal.fingerprints
  add column environment_id integer,
  add constraint fingerprints_environment_exists foreign key (environment_id)
    references pgtrickle_internal.environments (id);
alter table pgtrickle_internal.fingerprints
  alter column environment_id set default pgtrickle_internal.environment_id();
