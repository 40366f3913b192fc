/** What another client does to the catalog while the engine is attached never needs a restart of the engine. */
import { mkdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import type { Client } from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { conninfo, type DuckdbClient, openDuckdb } from "../../stack/ducklake.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { readConfig } from "./config.ts";
import { createInstance, type LakeOptions } from "./duck/instance.ts";
import { Lake } from "./duck/lake.ts";
import { serve } from "./service.ts";
import { connectEngine, failureOf } from "./testing/engine-client.ts";
import type { WireServer } from "./wire/server.ts";

const trickle = useTrickle({ engine: false, setupFile: false });
const folder = temporaryFolder();
const dataPath = join(folder.path, "data");
const sql = (text: string, values: unknown[] = []) => trickle().pool().query(text, values);
let made = 0;
let server: WireServer;
let duckdb: DuckdbClient;
let reader: Client;
let planner: Client;

beforeAll(async () => {
  const { attach } = trickle();
  const socketDir = join(folder.path, "socket");
  for (const path of [socketDir, dataPath]) mkdirSync(path, { mode: 0o700 });
  const config = readConfig({
    LAKE_CATALOG: conninfo({ ...attach.catalog, host: inject("postgres").socketDir }),
    LAKE_DATA_PATH: dataPath,
    LAKE_EXTENSIONS: attach.extensions,
    LAKE_SOCKET_DIR: socketDir,
    LAKE_PORT: "5498",
    LAKE_PASSWORD: "lake",
    PLANS_PASSWORD: "plans",
    LAKE_TEMP_DIRECTORY: join(folder.path, "spill"),
  });
  const logger = pino({ level: "silent" });
  const make = (options: LakeOptions) => {
    made += 1;
    return createInstance(options, logger);
  };
  const lake = await Lake.open({ ...config }, logger, make);
  server = await serve(config, lake, logger);
  duckdb = await openDuckdb({ ...attach, dataPath, readOnly: false });
  reader = await connectEngine({ socketDir, port: 5498 });
  planner = await connectEngine({ socketDir, port: 5498 }, { user: "plans" });
});

afterEach(async () => {
  await reader.query("rollback");
});

afterAll(async () => {
  await reader.end();
  await planner.end();
  await server.close();
  duckdb.close();
  folder.remove();
});

let tables = 0;

/** A table whose first file was added with a map of its columns that the engine has read, and then another one. */
async function tableWithMap(): Promise<string> {
  tables += 1;
  const table = `mapped_${tables}`;
  await duckdb.run(`create table lake.main.${table} (id bigint, v integer)`);
  await addFile(table, "first", "select 1::bigint as id, 1::integer as v");
  await sumOf(table);
  return table;
}

async function addFile(table: string, file: string, query: string): Promise<void> {
  const path = join(dataPath, `${table}_${file}.parquet`);
  await duckdb.run(`copy (${query}) to '${path}' (format parquet)`);
  await duckdb.run(
    `call ducklake_add_data_files('lake', '${table}', '${path}', allow_missing => true, ignore_extra_columns => true)`,
  );
}

/** As from a client that numbers maps by a counter of its own: DuckLake takes a number below the next file's for known. */
async function addFileOfOtherClient(table: string, query: string): Promise<void> {
  await addFile(table, "other", query);
  const { rows } = await sql(
    "select max(mapping_id) as given, table_id from ducklake.ducklake_column_mapping group by 2 order by 1 desc limit 1",
  );
  const own = "(select min(mapping_id) + 1 from ducklake.ducklake_column_mapping where table_id = $2)";
  for (const relation of ["data_file", "name_mapping", "column_mapping"]) {
    await sql(`update ducklake.ducklake_${relation} set mapping_id = ${own} where mapping_id = $1`, [
      rows[0].given,
      rows[0].table_id,
    ]);
  }
}

const sumOf = async (table: string) =>
  Number((await reader.query(`select sum(id) as sum from main.${table} where id > 0`)).rows[0].sum);

const head = async () => (await sql("select max(snapshot_id) as id from ducklake.ducklake_snapshot")).rows[0].id;

const plan = (table: string) =>
  JSON.stringify({ sql: `select id, v from lake.${table}`, tables: { [`lake.${table}`]: `main.${table}` } });

const recompute = async (table: string) =>
  (
    await planner.query("select id from engine.recompute where plan = $1 and to_snapshot = $2", [
      plan(table),
      await head(),
    ])
  ).rows;

describe("a map of columns that another client has registered meanwhile", () => {
  test("is read after attaching anew, once", async () => {
    const table = await tableWithMap();
    await addFileOfOtherClient(table, "select 5::bigint as id, 3 as other");
    const before = made;
    expect(await sumOf(table)).toBe(6);
    expect(await sumOf(table)).toBe(6);
    expect(made).toBe(before + 1);
  });

  test("is read by a plan", async () => {
    const table = await tableWithMap();
    await addFileOfOtherClient(table, "select 5::bigint as id, 3 as other");
    const before = made;
    expect(await recompute(table)).toHaveLength(2);
    expect(made).toBe(before + 1);
  });

  test("is read by many at once after one new attachment", async () => {
    const table = await tableWithMap();
    await addFileOfOtherClient(table, "select 5::bigint as id, 3 as other");
    const before = made;
    expect(await Promise.all([recompute(table), recompute(table), sumOf(table)])).toMatchObject([
      [{}, {}],
      [{}, {}],
      6,
    ]);
    expect(made).toBe(before + 1);
  });

  test("ends a transaction that has changed the lake with 40001; nothing of it stays, and it goes well again", async () => {
    const table = await tableWithMap();
    const other = await tableWithMap();
    await addFileOfOtherClient(table, "select 5::bigint as id, 3 as other");
    const before = made;
    await reader.query("begin");
    await reader.query(`delete from main.${other} where id = 1`);
    expect(await failureOf(sumOf(table))).toMatchObject({
      code: "40001",
      message: expect.stringMatching(/^the lake was attached anew: before that, Unknown name map id \d+/),
      hint: expect.stringMatching(/run it again/),
    });
    await reader.query("commit");
    expect([await sumOf(other), made]).toEqual([1, before + 1]);
    await reader.query("begin");
    await reader.query(`delete from main.${other} where id = 1`);
    expect(await sumOf(table)).toBe(6);
    await reader.query("commit");
    expect([await sumOf(other), made]).toEqual([0, before + 1]);
  });
});

describe("files that go while a reader's transaction is open", () => {
  test.each([
    { what: "by a merge and a clean-up", removes: mergeAndCleanUp },
    { what: "by a rename that the catalog follows", removes: renameFile },
  ])("$what end it with 40001, and the next one reads", async ({ removes }) => {
    const table = await tableWithFiles();
    await reader.query("begin");
    expect(await sumOf(table)).toBe(3);
    await removes(table);
    expect(await failureOf(sumOf(table))).toMatchObject({ code: "40001", hint: expect.stringMatching(/run it again/) });
    await reader.query("rollback");
    expect(await sumOf(table)).toBe(3);
  });
});

describe("a file that is lost", () => {
  test("is told as it is, and is no reason to attach again and again", async () => {
    const table = await tableWithFiles();
    const path = await fileOf(table);
    renameSync(path, `${path}.lost`);
    const before = made;
    const lost = { code: "LT012", message: expect.stringContaining(path) };
    expect(await failureOf(sumOf(table))).toMatchObject(lost);
    expect(made).toBe(before + 1);
    expect(await failureOf(recompute(table))).toMatchObject(lost);
    await reader.query("begin");
    await reader.query(`insert into main.${table} (id, v) values (9, 9)`);
    expect(await failureOf(sumOf(table))).toMatchObject(lost);
    await reader.query("rollback");
    expect(made).toBe(before + 1);
    renameSync(`${path}.lost`, path);
    expect(await sumOf(table)).toBe(3);
  });
});

async function tableWithFiles(): Promise<string> {
  tables += 1;
  const table = `plain_${tables}`;
  await duckdb.run(`create table lake.main.${table} (id bigint, v integer)`);
  for (const id of [1, 2]) await duckdb.run(`insert into lake.main.${table} values (${id}, ${id})`);
  await duckdb.run(`call ducklake_flush_inlined_data('lake', table_name => '${table}')`);
  return table;
}

async function fileOf(table: string): Promise<string> {
  const { rows } = await sql(
    `select f.path from ducklake.ducklake_data_file f join ducklake.ducklake_table t using (table_id)
     where t.table_name = $1 and f.end_snapshot is null order by f.data_file_id limit 1`,
    [table],
  );
  return join(dataPath, "main", table, rows[0].path);
}

async function mergeAndCleanUp(table: string): Promise<void> {
  await duckdb.run(`delete from lake.main.${table} where id = 2`);
  await duckdb.run(`insert into lake.main.${table} values (2, 3)`);
  await duckdb.run(`call ducklake_flush_inlined_data('lake', table_name => '${table}')`);
  await duckdb.run(`call ducklake_rewrite_data_files('lake', '${table}', delete_threshold => 0)`);
  await duckdb.run("call ducklake_expire_snapshots('lake', older_than => now() + interval 1 hour)");
  await duckdb.run("call ducklake_cleanup_old_files('lake', cleanup_all => true)");
}

async function renameFile(table: string): Promise<void> {
  const path = await fileOf(table);
  renameSync(path, `${path}.renamed.parquet`);
  await sql("update ducklake.ducklake_data_file set path = path || '.renamed.parquet' where path = $1", [
    basename(path),
  ]);
}
