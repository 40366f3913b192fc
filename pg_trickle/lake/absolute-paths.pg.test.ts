/** Paths that the catalog has in full: a table's folder, and a delete file, below the data path and outside of it. */
import { cpSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { findings, mend } from "../extension/testing/lake-findings.ts";
import { useSchedulerRounds } from "../extension/testing/scheduler-rounds.ts";
import { useStreamTables } from "../extension/testing/stream-tables.ts";
import { loseFileOf } from "./testing/broken-lake.ts";

const trickle = useTrickle();
const round = useSchedulerRounds(trickle);
const { sql: query, duckdb, create } = useStreamTables(trickle);
const sql = async <T extends object>(text: string, values: unknown[] = []) => (await query(text, values)).rows as T[];

const MODES = ["DIFFERENTIAL", "FULL"] as const;
const streamTable = (table: string, mode: string) => `${table}_${mode.toLowerCase()}`;
const below = (...parts: string[]) => join(trickle().dataPath, ...parts);
const outside = (...parts: string[]) => join(dirname(trickle().dataPath), "outside", ...parts);

/** `k` 1 has the values 0 to 99 and `k` 2 those to 199, in one file; deletions are files. */
async function createSource(table: string): Promise<void> {
  await duckdb().run(`create table lake.${table} (k integer, v integer)`);
  await duckdb().run(`call lake.set_option('data_inlining_row_limit', 0, table_name => '${table}')`);
  await duckdb().run(`insert into lake.${table} select 1 + i // 100, i from range(200) r(i)`);
  await query(
    `create foreign table lake.${table} (k int, v int) server lake options (schema_name 'main', table_name '${table}')`,
  );
}

async function createSums(table: string): Promise<void> {
  for (const mode of MODES) {
    await create(streamTable(table, mode), `select k, count(*) as n, sum(v) as s from lake.${table} group by k`, mode);
  }
}

const rowsOf = (name: string) => sql(`select k, n::int, s::int from ${name} order by k`);
const row = (k: number, n: number, s: number) => ({ k, n, s });
const ALL = [row(1, 100, 4950), row(2, 100, 14950)];
const WITHOUT_TEN = [row(1, 90, 4905), row(2, 100, 14950)];

describe("a delete file outside of the data path", () => {
  const table = "deletions_outside";
  let file: { readonly id: string; readonly path: string };

  beforeAll(async () => {
    await createSource(table);
    await createSums(table);
    await duckdb().run(`delete from lake.${table} where v < 10`);
    [file = { id: "", path: "" }] = await sql<{ id: string; path: string }>(
      "select delete_file_id as id, path from ducklake.ducklake_delete_file order by delete_file_id desc limit 1",
    );
    mkdirSync(outside(), { recursive: true });
    renameSync(below("main", table, file.path), outside(file.path));
    await query(
      "update ducklake.ducklake_delete_file set path = $1, path_is_relative = false where delete_file_id = $2",
      [outside(file.path), file.id],
    );
  });

  test.each(MODES)("leaves a %s table in ERROR with its rows, and names file, data path and way out", async (mode) => {
    const name = streamTable(table, mode);
    const message = `delete file ${outside(file.path)} is outside the lake's data path ${trickle().dataPath}: copy it there and let the catalog say so`;
    expect(await failure(query(`select pgtrickle.refresh('${name}')`))).toMatchObject({
      ...{ code: "42501", message },
      hint: expect.stringMatching(/Snapshots before it can be read.*pgtrickle\.inspect_lake\(\)/),
    });
    expect(await round(name)).toEqual({ status: "ERROR", error: message });
    expect(await rowsOf(name)).toEqual(ALL);
  });

  test("is mended by what inspect_lake() says, without anything else", async () => {
    const [damage, ...others] = await findings(sql, table);
    expect(others).toEqual([]);
    expect(damage).toMatchObject({ kind: "FileOutside", object: `delete file ${file.id}` });
    const place = below("main", table, `moved-${file.id}-${file.path}`);
    expect(damage?.mend).toContain(`byte for byte, to ${place}; in PostgreSQL`);
    cpSync(outside(file.path), place);
    await mend(damage?.mend ?? "", { sql, duckdb: duckdb() });
    expect(await findings(sql, table)).toEqual([]);
    for (const mode of MODES) {
      const name = streamTable(table, mode);
      expect(await round(name)).toEqual({ status: "ACTIVE", error: null });
      expect(await rowsOf(name)).toEqual(WITHOUT_TEN);
    }
  });
});

/** The table's files go there, and so does what is written afterwards. */
async function moveTable(table: string, place: string): Promise<void> {
  mkdirSync(place, { recursive: true });
  cpSync(below("main", table), place, { recursive: true });
  await query("update ducklake.ducklake_table set path = $1, path_is_relative = false where table_name = $2", [
    `${place}/`,
    table,
  ]);
}

describe("a table whose folder the catalog has in full", () => {
  test.each([
    ["where DuckLake would have it", (table: string) => below("main", `${table}_there`)],
    ["elsewhere below the data path", (table: string) => below("else where", table)],
  ])("%s is followed, verified, and its files are inspected", async (where, placeOf) => {
    const table = where.startsWith("where") ? "in_place" : "elsewhere";
    await createSource(table);
    await moveTable(table, placeOf(table));
    await createSums(table);
    // Attached since.
    const other = await trickle().duckdb({ readOnly: false });
    await other.run(`insert into lake.${table} select 3, i from range(200, 300) r(i)`);
    await other.run(`delete from lake.${table} where v < 10`);
    await query(`insert into lake.${table} values (4, 1)`);
    other.close();
    for (const mode of MODES) {
      const name = streamTable(table, mode);
      expect(await round(name)).toEqual({ status: "ACTIVE", error: null });
      expect(await rowsOf(name)).toEqual([...WITHOUT_TEN, row(3, 100, 24950), row(4, 1, 1)]);
      for (const level of ["engine", "rows"]) {
        expect(await sql("select ok from pgtrickle.verify($1, $2)", [name, level])).toEqual([{ ok: true }]);
      }
    }
    const inspected = () =>
      sql<{ kind: string; message: string }>("select kind, message from pgtrickle.inspect_lake($1, storage => true)", [
        table,
      ]);
    expect(await inspected()).toEqual([]);
    const putBack = loseFileOf(placeOf(table), 0);
    const [lost, ...others] = await inspected();
    putBack();
    expect(others).toEqual([]);
    expect(lost?.message).toContain(`is gone from the storage: ${placeOf(table)}/`);
  });

  test("outside of the data path: no stream table, no write, each with the path and the way out, which mends it", async () => {
    const table = "far";
    const place = outside("far");
    await createSource(table);
    await moveTable(table, place);
    const start = `outside the lake's data path ${trickle().dataPath}: `;
    expect(await failure(createSums(table))).toMatchObject({
      code: "42501",
      message: expect.stringMatching(new RegExp(`^data file ${place}/ducklake-.*\\.parquet is ${start}write its rows`)),
    });
    expect(await failure(query(`insert into lake.${table} values (4, 1)`))).toMatchObject({
      code: "42501",
      message: `folder ${place} is ${start}write its table there`,
      hint: expect.stringContaining("`create or replace table t as from t`"),
    });
    expect((await findings(sql, table)).map(({ kind }) => kind)).toEqual(["FileOutside"]);
    const other = await trickle().duckdb({ readOnly: false });
    await other.run(`create or replace table lake.${table} as from lake.${table}`);
    other.close();
    await createSums(table);
    await query(`insert into lake.${table} values (4, 1)`);
    for (const mode of MODES) {
      expect(await round(streamTable(table, mode))).toEqual({ status: "ACTIVE", error: null });
      expect(await rowsOf(streamTable(table, mode))).toEqual([...ALL, row(4, 1, 1)]);
    }
  });
});
