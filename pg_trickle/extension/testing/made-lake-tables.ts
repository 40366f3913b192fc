/** Two members of pgtrickle_admin who make lake tables, and a plain DuckDB that looks. */
import { Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import type { DuckdbClient } from "../../../stack/ducklake.ts";
import { useTrickle } from "../../../test/support/trickle.ts";
import { failureOf } from "../../lake/testing/engine-client.ts";

export const trickle = useTrickle();
export const ALICE = `Alice ${process.pid}`;
export const BOB = `bob_${process.pid}`;
export let duckdb: DuckdbClient;
export let alice: Client;
export let bob: Client;

export const sql = async (text: string, values: unknown[] = []) => (await trickle().pool().query(text, values)).rows;
export const create = (client: Client, name: string, columns: string) =>
  client.query("select pgtrickle.create_lake_table($1, $2) as made", [name, columns]);
export const refusal = (client: Client, name: string, columns: string) => failureOf(create(client, name, columns));
export const inLake = async (table: string) =>
  (await duckdb.rows(`select column_name, data_type, is_nullable from information_schema.columns
    where table_catalog = 'lake' and table_name = '${table}' order by ordinal_position`)) as object[];

async function login(role: string): Promise<Client> {
  const url = new URL(trickle().url);
  url.username = encodeURIComponent(role);
  url.password = "secret";
  const client = new Client({ connectionString: url.href, application_name: "shop" });
  await client.connect();
  return client;
}

/** What the server says beside the result. */
export async function notices(client: Client, work: () => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  const listen = (notice: { readonly message?: string | undefined }) => found.push(notice.message ?? "");
  client.on("notice", listen);
  await work();
  client.off("notice", listen);
  return found;
}

beforeAll(async () => {
  for (const role of [ALICE, BOB]) {
    await sql(`create role "${role}" login password 'secret'`);
    await sql(`grant pgtrickle_admin to "${role}"`);
    await sql(`grant create on schema public to "${role}"`);
  }
  duckdb = await trickle().duckdb({ readOnly: false });
  alice = await login(ALICE);
  bob = await login(BOB);
});

afterAll(async () => {
  duckdb.close();
  await alice.end();
  await bob.end();
  for (const role of [ALICE, BOB]) {
    await sql(`drop owned by "${role}" cascade`);
    await sql(`drop role "${role}"`);
  }
});
