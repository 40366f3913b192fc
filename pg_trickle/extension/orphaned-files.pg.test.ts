/** The files of a transaction that is open, beside clients that clean up what the catalog does not know. */
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { type Finding, findings, mend } from "./testing/lake-findings.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { pool, sql: query, value, duckdb } = useStreamTables(trickle);
const sql = async <T extends object>(text: string, values: unknown[] = []) => (await query(text, values)).rows as T[];
const found = (): Promise<Finding[]> => findings(sql);
const folder = () => join(trickle().dataPath, "main", "kept");
const objects = () => readdirSync(folder()).sort();
const count = () => value<string>("select count(*) from lake.kept");

beforeAll(async () => {
  await query("create foreign table lake.kept (i int) server lake options (schema_name 'main', table_name 'kept')");
});

beforeEach(async () => {
  await query("delete from ducklake.ducklake_metadata where key = 'delete_older_than'");
  await duckdb().run("create or replace table lake.kept as from range(1000) r(i)");
});

/** A transaction of the engine that has a data file in the storage, with whatever is done beside it before its COMMIT. */
async function besideOpenTransaction(work: (file: string) => Promise<void>): Promise<void> {
  const client = await pool().connect();
  try {
    const before = objects();
    await client.query("begin");
    await client.query("insert into lake.kept select i from generate_series(1, 100) i");
    await client.query("select count(*) from lake.kept");
    const [file = "", ...others] = objects().filter((object) => !before.includes(object));
    expect(others).toEqual([]);
    await work(file);
    await client.query("commit");
  } finally {
    client.release();
  }
}

test.each([
  ["CHECKPOINT", "checkpoint lake"],
  ["a clean-up with DuckLake's default", "call ducklake_delete_orphaned_files('lake')"],
  [
    "a clean-up of what is older than two days",
    "call ducklake_delete_orphaned_files('lake', older_than => now() - interval '2 days')",
  ],
])("%s leaves them", async (_name, statement) => {
  await besideOpenTransaction(async (file) => {
    await duckdb().run(statement);
    expect(objects()).toContain(file);
  });
  expect(await count()).toBe("1100");
  expect(await found()).toEqual([]);
});

test("DuckLake's default is two days, by the age of the file", async () => {
  const hoursOld = (hours: number) => {
    const name = `left-behind-${hours}.parquet`;
    writeFileSync(join(folder(), name), "");
    const seconds = Date.now() / 1000 - hours * 3600;
    utimesSync(join(folder(), name), seconds, seconds);
    return name;
  };
  const [young, old] = [hoursOld(47), hoursOld(49)];
  await duckdb().run("checkpoint lake");
  expect(objects()).toContain(young);
  expect(objects()).not.toContain(old);
});

test("a shorter delete_older_than is told, with what it does and what mends it", async () => {
  await duckdb().run("call lake.set_option('delete_older_than', '0 seconds')");
  const [damage, ...others] = await found();
  expect(others).toEqual([]);
  expect(damage).toEqual({
    ...{ table_name: null, kind: "CleanupTooEarly", first_snapshot: null, last_snapshot: null },
    object: "option delete_older_than",
    message:
      "option delete_older_than of the lake is 0 seconds: CHECKPOINT and a clean-up of orphaned files can take the files of a transaction that is open, such as a repair, which is then committed without them",
    mend: "-- in DuckDB, the lake attached as lake\ncall lake.set_option('delete_older_than', '2 days');",
  });
  await mend(damage?.mend ?? "", { sql, duckdb: duckdb() });
  expect(await found()).toEqual([]);
});

test.each(["2 days", "1 year 2 months", "48:00:00"])("delete_older_than of %s is none", async (age) => {
  await duckdb().run(`call lake.set_option('delete_older_than', '${age}')`);
  expect(await found()).toEqual([]);
});

test("what the rule is for: DuckLake takes the file, commits without it, and the lake is damaged", async () => {
  await besideOpenTransaction(async (file) => {
    await duckdb().run("call ducklake_delete_orphaned_files('lake', cleanup_all => true)");
    expect(objects()).not.toContain(file);
  });
  expect((await failure(query("select sum(i) from lake.kept"))).code).toBe("LT012");
  expect(await sql("select kind from pgtrickle.inspect_lake('main.kept', storage => true)")).toEqual([
    { kind: "FileMissing" },
  ]);
});
