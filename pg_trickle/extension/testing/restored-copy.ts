/**
 * A database as pg_restore makes it from a dump of another one: extension, catalog's tables, their rows, and only then indexes
 * and triggers. No pg_dump of PostgreSQL 18 comes with the server's package, so its order is played here.
 */
import { Client } from "pg";
import type { TrickleDatabase } from "../../../stack/database.ts";
import { type DuckdbClient, openDuckdb } from "../../../stack/ducklake.ts";

interface RestoredCopy {
  query(text: string): Promise<Record<string, unknown>[]>;
  duckdb(): Promise<DuckdbClient>;
  drop(): Promise<void>;
}

const TABLES = `
  select c.relname as name, pg_get_userbyid(c.relowner) as owner, (
    select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
  from pg_class c where c.relnamespace = 'ducklake'::regnamespace and c.relkind = 'r' order by 1`;

const AFTER_DATA = `
  select format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as statement, 1 as part
  from pg_constraint where connamespace = 'ducklake'::regnamespace and contype = 'p'
  union all
  select indexdef, 2 from pg_indexes where schemaname = 'ducklake' and indexname !~ '_pkey$'
  union all
  select format('alter index ducklake.%I depends on extension pg_trickle', indexname), 3
  from pg_indexes where schemaname = 'ducklake' and indexname !~ '_pkey$'
  order by part`;

const TRIGGERS = `
  select pg_get_triggerdef(t.oid) as statement, 1 as part from pg_trigger t
  where t.tgrelid in (select oid from pg_class where relnamespace = 'ducklake'::regnamespace) and not t.tgisinternal
  union all
  select format('alter trigger %I on %s depends on extension pg_trickle', t.tgname, t.tgrelid::regclass), 2 from pg_trigger t
  where t.tgrelid in (select oid from pg_class where relnamespace = 'ducklake'::regnamespace) and not t.tgisinternal
  order by part`;

async function copyTable(from: Client, to: Client, table: string): Promise<void> {
  const { rows } = await from.query(`select coalesce(json_agg(t), '[]')::text as data from ${table} t`);
  await to.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [rows[0]?.data]);
}

async function restore(from: Client, to: Client, hasTriggers: boolean): Promise<void> {
  await to.query("create extension pg_trickle cascade");
  await to.query("create schema ducklake authorization pgtrickle_catalog");
  const { rows: tables } = await from.query<{ name: string; owner: string; columns: string }>(TABLES);
  for (const { name, owner, columns } of tables) {
    await to.query(`create table ducklake.${name} (${columns})`);
    await to.query(`alter table ducklake.${name} owner to ${owner}`);
  }
  for (const { name } of tables) await copyTable(from, to, `ducklake.${name}`);
  for (const name of ["installation", "settings"]) await copyTable(from, to, `pgtrickle_internal.${name}`);
  for (const text of hasTriggers ? [AFTER_DATA, TRIGGERS] : [AFTER_DATA]) {
    const { rows } = await from.query<{ statement: string }>(text);
    for (const { statement } of rows) await to.query(statement);
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

export async function restoredCopy(
  trickle: TrickleDatabase,
  { hasTriggers }: { readonly hasTriggers: boolean },
): Promise<RestoredCopy> {
  const name = `${trickle.name}_copy`;
  const source = await connect(trickle.url);
  await source.query(`create database ${name}`);
  const url = new URL(trickle.url);
  url.pathname = `/${name}`;
  const copy = await connect(url.toString());
  await restore(source, copy, hasTriggers);
  return {
    query: async (text) => (await copy.query(text)).rows as Record<string, unknown>[],
    duckdb: () => openDuckdb({ ...trickle.attach, catalog: { ...trickle.attach.catalog, database: name } }),
    async drop() {
      await copy.end();
      await source.query(`drop database ${name} with (force)`);
      await source.end();
    },
  };
}
