// Every row of docs/other-clients.md, done by that client: after each of its commits a stream table is the query over the lake
// as a plain DuckDB answers it, or says why not.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DuckdbClient, openDuckdb } from "../../stack/ducklake.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { MODES, streamTableOf, summaryOf, useFollowedTables } from "./testing/followed-tables.ts";
import { CASES, type ClientCase } from "./testing/other-clients.ts";
import { useSchedulerRounds } from "./testing/scheduler-rounds.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const round = useSchedulerRounds(trickle);
const { sql, duckdb, preferStrategy } = useStreamTables(trickle);
const tables = useFollowedTables({ sql, duckdb });
const page = new URL("../../docs/other-clients.md", import.meta.url);
let bob: DuckdbClient;
let root: DuckdbClient;

beforeAll(async () => {
  await sql("drop role if exists lake_bob");
  await sql("create role lake_bob login password 'bob'");
  await sql("grant pgtrickle_catalog to lake_bob");
  const { attach } = trickle();
  bob = await openDuckdb({
    ...attach,
    readOnly: false,
    catalog: { ...attach.catalog, user: "lake_bob", password: "bob" },
  });
  await sql("drop role if exists lake_root");
  await sql("create role lake_root superuser login password 'root'");
  root = await openDuckdb({
    ...attach,
    readOnly: false,
    catalog: { ...attach.catalog, user: "lake_root", password: "root" },
  });
  await preferStrategy("Delta");
});

afterAll(async () => {
  bob.close();
  root.close();
  await sql("drop owned by lake_root cascade");
  await sql("drop role lake_root");
  await sql("drop owned by lake_bob cascade");
  await sql("drop role lake_bob");
});

test("each row of the page has its test, and each test its row", () => {
  const rows = readFileSync(page, "utf8")
    .split("\n")
    .filter((line) => /^\| DuckDB/.test(line))
    .map((line) => line.slice(2, -2).split(" | "));
  expect(rows).toEqual(CASES.map(({ client, operation, happens }) => [client, operation, happens]));
});

async function check(table: string, statement: string, wantedError: RegExp | undefined): Promise<void> {
  for (const mode of MODES) {
    const name = streamTableOf(table, mode);
    const found = { step: `${mode} after ${statement}`, ...(await round(name)) };
    if (wantedError !== undefined) {
      expect(found).toEqual({ step: found.step, status: "ERROR", error: expect.stringMatching(wantedError) });
      continue;
    }
    expect(found).toEqual({ step: found.step, status: "ACTIVE", error: null });
    expect({ step: found.step, rows: await tables.rows(name) }).toEqual({
      step: found.step,
      rows: await duckdb().rows(summaryOf(table)),
    });
  }
}

/** `T` of a statement or message is the table of the test, also in names that begin with it. */
const named = (text: string, table: string) => text.replaceAll(/\bT(?=_|\b)/g, table);

async function play({ client, statements }: ClientCase, table: string): Promise<void> {
  const doer = { DuckDB: duckdb(), "DuckDB in another role": bob, "DuckDB as a superuser": root }[client];
  for (const statement of statements) {
    const { sql: text, error } = typeof statement === "string" ? { sql: statement, error: undefined } : statement;
    await doer.run(named(text, table));
    if (error !== null) await check(table, text, error && new RegExp(named(error.source, table)));
  }
}

const tested = CASES.map((found, index) => ({ ...found, table: `t${index}` }));

describe.each(tested)("$client: $operation", (found) => {
  test(`${found.happens}`, async () => {
    await tables.create(found.table);
    await play(found, found.table);
    expect((await tables.strategies(found.table)).includes("Full")).toBe(/recomputed/.test(found.happens));
  });
});

describe.each([true, false])("with the guard on: %s", (isOn) => {
  test("the catalog tables that a client's role makes can be read by the engine's", async () => {
    await sql("select pgtrickle.set_guard($1)", [isOn]);
    for (const [index, client] of [bob, root].entries()) {
      const table = `lake.opened_${isOn}_${index}`;
      await client.run(`create table ${table} (i integer)`);
      await client.run(`insert into ${table} values (1), (2)`);
      await client.run(`insert into ${table} select i from range(100) r (i)`);
      await client.run(`delete from ${table} where i = 50`);
      await duckdb().run(`delete from ${table} where i = 51`);
    }
    await sql("select pgtrickle.set_guard(true)");
    const closed = await sql(
      `select c.relname from pg_class c where c.relnamespace = 'ducklake'::regnamespace and c.relkind = 'r'
       and not (has_table_privilege('pgtrickle_catalog', c.oid, 'select') and has_table_privilege('pgtrickle_catalog', c.oid, 'insert'))`,
    );
    expect(closed.rows).toEqual([]);
  });
});
