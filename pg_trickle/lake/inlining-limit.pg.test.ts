/** One inlining limit for all clients: it stands in the catalog, and clients that know nothing of it keep to it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { conninfo, type DuckdbClient, openDuckdb } from "../../stack/ducklake.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { readConfig } from "./config.ts";
import { Lake } from "./duck/lake.ts";

const trickle = useTrickle({ engine: false, setupFile: false });
const folder = temporaryFolder();
const dataPath = join(folder.path, "data");
const clients: DuckdbClient[] = [];

async function connectDuckdb(inliningRowLimit?: number): Promise<DuckdbClient> {
  const limit = inliningRowLimit === undefined ? {} : { inliningRowLimit };
  const client = await openDuckdb({ ...trickle().attach, dataPath, readOnly: false, ...limit });
  clients.push(client);
  return client;
}

/** The engine starts with this in its environment. */
async function startEngine(limit: Record<string, string>): Promise<void> {
  const { attach } = trickle();
  const config = readConfig({
    LAKE_CATALOG: conninfo({ ...attach.catalog, host: inject("postgres").socketDir }),
    LAKE_DATA_PATH: dataPath,
    LAKE_EXTENSIONS: attach.extensions,
    LAKE_SOCKET_DIR: folder.path,
    LAKE_PORT: "5497",
    LAKE_PASSWORD: "lake",
    PLANS_PASSWORD: "plans",
    LAKE_TEMP_DIRECTORY: join(folder.path, "spill"),
    ...limit,
  });
  await Lake.open({ ...config }, pino({ level: "silent" }));
}

const options = async () =>
  (
    await trickle()
      .pool()
      .query("select value, scope from ducklake.ducklake_metadata where key = 'data_inlining_row_limit'")
  ).rows;

let tables = 0;

/** Whether a write of two rows goes to a data file. */
async function writesFile(client: DuckdbClient): Promise<boolean> {
  tables += 1;
  await client.run(`create table lake.t${tables} (id integer)`);
  await client.run(`insert into lake.t${tables} values (1), (2)`);
  const { rows } = await trickle()
    .pool()
    .query(
      `select count(*)::int as n from ducklake.ducklake_data_file f join ducklake.ducklake_table t using (table_id)
       where t.table_name = $1`,
      [`t${tables}`],
    );
  return rows[0].n === 1;
}

beforeAll(() => mkdirSync(dataPath));

afterAll(() => {
  for (const client of clients) client.close();
  folder.remove();
});

test("an engine that is given none leaves the catalog as it is", async () => {
  await startEngine({});
  expect(await options()).toEqual([]);
  expect(await writesFile(await connectDuckdb())).toBe(false);
});

test("one that is given stands in the catalog, and every client that attaches then keeps to it, whatever it asks for", async () => {
  const [before] = clients;
  await startEngine({ LAKE_INLINING_ROW_LIMIT: "1" });
  expect(await options()).toEqual([{ value: "1", scope: null }]);
  expect(await writesFile(await connectDuckdb())).toBe(true);
  expect(await writesFile(await connectDuckdb(100))).toBe(true);
  // Options are read when a client attaches.
  expect(before && (await writesFile(before))).toBe(false);
});

test("another one takes its place, and the same once more changes nothing", async () => {
  for (const limit of ["5", "5"]) await startEngine({ LAKE_INLINING_ROW_LIMIT: limit });
  expect(await options()).toEqual([{ value: "5", scope: null }]);
  expect(await writesFile(await connectDuckdb())).toBe(false);
});
