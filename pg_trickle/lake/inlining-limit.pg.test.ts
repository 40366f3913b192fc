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

const LOGGED = "the lake's inlining limit is in its catalog now: every client that attaches from here on keeps to it";

/** The engine starts with this in its environment; gives what it logs of the limit. */
async function startEngine(limit: Record<string, string>): Promise<object[]> {
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
  const lines: string[] = [];
  await Lake.open({ ...config }, pino({ level: "info" }, { write: (line: string) => lines.push(line) }));
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .map(({ limit, before, msg }) => ({ limit, before, msg }));
}

const options = async () =>
  (
    await trickle()
      .pool()
      .query("select value, scope from ducklake.ducklake_metadata where key = 'data_inlining_row_limit' order by 1")
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

test("a catalog that says nothing gets the engine's own limit, and clients that attach without options keep to it", async () => {
  // Without an engine, DuckDB makes the lake with a default of its own and stores none.
  const before = await connectDuckdb();
  expect(await options()).toEqual([]);
  expect(await writesFile(before)).toBe(false);
  expect(await startEngine({})).toEqual([{ limit: 0, before: null, msg: LOGGED }]);
  expect(await options()).toEqual([{ value: "0", scope: null }]);
  const after = await connectDuckdb();
  expect(await writesFile(after)).toBe(true);
  // Whatever it asks for.
  expect(await writesFile(await connectDuckdb(100))).toBe(true);
  // Options are read when a client attaches.
  expect(await writesFile(before)).toBe(false);
});

test("a small deletion of such a client stands in a file, too", async () => {
  const client = await connectDuckdb();
  await client.run("create table lake.deleted as select i from range(100) r (i)");
  await client.run("delete from lake.deleted where i = 5");
  const { rows } = await trickle()
    .pool()
    .query(
      `select (select count(*)::int from ducklake.ducklake_delete_file d where d.table_id = t.table_id) as files,
         to_regclass(format('ducklake.ducklake_inlined_delete_%s', t.table_id)) as inlined
       from ducklake.ducklake_table t where t.table_name = 'deleted'`,
    );
  expect(rows).toEqual([{ files: 1, inlined: null }]);
});

test("what somebody has stored is left as it is, that of a table as well", async () => {
  const client = await connectDuckdb();
  await client.run("create table lake.own (id integer)");
  await client.run("call lake.set_option('data_inlining_row_limit', 7)");
  await client.run("call lake.set_option('data_inlining_row_limit', 3, table_name => 'own')");
  const stored = await options();
  expect(stored).toEqual([
    { value: "3", scope: "table" },
    { value: "7", scope: null },
  ]);
  expect(await startEngine({})).toEqual([]);
  expect(await options()).toEqual(stored);
  expect(await writesFile(await connectDuckdb())).toBe(false);
});

test("one that the engine is given takes its place, and the same once more changes nothing", async () => {
  expect(await startEngine({ LAKE_INLINING_ROW_LIMIT: "1" })).toEqual([{ limit: 1, before: "7", msg: LOGGED }]);
  expect(await options()).toContainEqual({ value: "1", scope: null });
  expect(await writesFile(await connectDuckdb())).toBe(true);
  expect(await startEngine({ LAKE_INLINING_ROW_LIMIT: "5" })).toEqual([{ limit: 5, before: "1", msg: LOGGED }]);
  expect(await startEngine({ LAKE_INLINING_ROW_LIMIT: "5" })).toEqual([]);
  expect(await options()).toContainEqual({ value: "5", scope: null });
  expect(await writesFile(await connectDuckdb())).toBe(false);
  // Nor does one that is given none.
  expect(await startEngine({})).toEqual([]);
});
