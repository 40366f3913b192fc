-- Numbers changed by the administrator; the defaults, with their reasons, stand in setting_defaults().
create table pgtrickle_internal.settings (
  name text not null,
  value numeric not null,
  constraint settings_pkey primary key (name),
  constraint settings_are_not_negative check (value >= 0)
);
comment on table pgtrickle_internal.settings is 'Settings that differ from their default; names in pgtrickle_internal.setting_defaults().';
