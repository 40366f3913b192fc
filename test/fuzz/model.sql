-- The model's rows in plain PostgreSQL tables, as they were after each of its commits, and the queries of stream tables over
-- them. Nothing here reads the lake.
create schema model;

create table model.versions (
  table_name text not null,
  id bigint not null,
  k text collate "C",
  v bigint,
  owner integer not null,
  from_sequence integer not null,
  to_sequence integer,
  primary key (table_name, id, from_sequence)
);

-- The rows at the commit that the setting model.sequence names.
create view model.rows as
  select table_name, id, k, v, owner from model.versions
  where from_sequence <= current_setting('model.sequence')::integer
    and (to_sequence is null or to_sequence > current_setting('model.sequence')::integer);

create view model.events as select id, k, v, owner from model.rows where table_name = 'events';
create view model.items as select id, k, v, owner from model.rows where table_name = 'items';
create view model.notes as select id, k, v, owner from model.rows where table_name = 'notes';
create view model.logs as select id, k, v, owner from model.rows where table_name = 'logs';

-- One commit's rows of one table: {"id": 7, "row": null} for one that goes, {"id": 8, "row": {"k": "a", …}} for one that comes.
create function model.apply(p_sequence integer, p_table text, p_changes jsonb) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  update model.versions set to_sequence = p_sequence
  where table_name = p_table and to_sequence is null
    and id in (select (c ->> 'id')::bigint from jsonb_array_elements(p_changes) as c);
  insert into model.versions
  select p_table, (c ->> 'id')::bigint, c -> 'row' ->> 'k', (c -> 'row' ->> 'v')::bigint, (c -> 'row' ->> 'owner')::integer,
    p_sequence, null
  from jsonb_array_elements(p_changes) as c where c -> 'row' <> 'null';
$$;
comment on function model.apply(integer, text, jsonb) is 'Writes down what a commit did to a table.';

-- Both sides as multisets of rows as text, so that 0 and 0.00 differ.
create function model.differences(p_relation text, p_query text, p_sequence integer)
returns table (side text, row_text text, times bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('model.sequence', p_sequence::text, true);
  return query execute format(
    'with got as (select t::text as r, count(*) as n from %1$s as t group by 1),
       wanted as (select q::text as r, count(*) as n from (%2$s) as q group by 1)
     select case when coalesce(g.n, 0) < coalesce(w.n, 0) then ''missing'' else ''unexpected'' end,
       coalesce(g.r, w.r), abs(coalesce(g.n, 0) - coalesce(w.n, 0))
     from got g full join wanted w on w.r = g.r
     where g.n is distinct from w.n order by 1, 2', p_relation, p_query);
end
$$;
comment on function model.differences(text, text, integer) is
  'Rows that a relation lacks, and rows that it has too many, against a query over the model after a commit.';
