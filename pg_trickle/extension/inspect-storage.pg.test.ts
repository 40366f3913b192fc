/** Files that are gone from the storage: the engine looks, and the lake can be read again after what inspect_lake() says was done. */
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { connectEngine, failureOf } from "../lake/testing/engine-client.ts";
import { type Finding, mend } from "./testing/lake-findings.ts";

const trickle = useTrickle();
let duckdb: DuckdbClient;

const sql = async <T extends object>(text: string, values: unknown[] = []) =>
  (await trickle().pool().query<T>(text, values)).rows;
const found = (table: string | null, storage = true) =>
  sql<Finding>(
    `select table_name, kind, first_snapshot::int, last_snapshot::int, object, message, mend
     from pgtrickle.inspect_lake($1, storage => $2)`,
    [table, storage],
  );
const rowCount = async () => {
  const reader = await trickle().duckdb();
  return (await reader.rows('select count(i)::integer as n from lake."t [1]"'))[0]?.["n"];
};

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run("call lake.set_option('data_inlining_row_limit', 10)");
});

// A name that a pattern would take for its own, and files in folders of their own.
beforeEach(async () => {
  await duckdb.run('drop table if exists lake."t [1]"');
  await duckdb.run('create table lake."t [1]" (i integer, part integer)');
  await duckdb.run('alter table lake."t [1]" set partitioned by (part)');
  for (const part of [0, 1]) {
    await duckdb.run(`insert into lake."t [1]" select i, ${part} from range(${part * 100}, ${part * 100 + 100}) r (i)`);
  }
  await duckdb.run('delete from lake."t [1]" where i < 20');
  await duckdb.run('delete from lake."t [1]" where i = 150');
  expect(await found(null)).toEqual([]);
});

interface File {
  readonly id: string;
  readonly table: string;
  readonly begin: number;
  readonly place: string;
}

async function lastFile(kind: "data" | "delete"): Promise<File> {
  const [file] = await sql<File>(
    `select f.${kind}_file_id as id, f.table_id as table, f.begin_snapshot::int as begin, concat(s.path, t.path, f.path) as place
     from ducklake.ducklake_${kind}_file f join ducklake.ducklake_table t using (table_id) join ducklake.ducklake_schema s using (schema_id)
     where t.end_snapshot is null and t.table_name = 't [1]' order by 1 desc limit 1`,
  );
  if (!file) throw new Error(`the table has no ${kind} file`);
  return { ...file, place: join(trickle().dataPath, file.place) };
}

test("a data file that is gone: its rows go from the catalog, and the others can be read", async () => {
  const { id, table, begin, place } = await lastFile("data");
  await rename(place, `${place}.gone`);
  const [damage, ...others] = await found("main.t [1]");
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t [1]",
    kind: "FileMissing",
    first_snapshot: begin,
    last_snapshot: null,
    object: `data file ${id}`,
    message: `data file ${id} of main.t [1] is gone from the storage: ${place}`,
    mend: [
      "-- bring the file back from a backup. Without one its rows are lost; this lets the others be read, in PostgreSQL",
      `delete from ducklake.ducklake_inlined_delete_${table} where file_id = ${id};`,
      `delete from ducklake.ducklake_delete_file where data_file_id = ${id};`,
      `delete from ducklake.ducklake_file_column_stats where data_file_id = ${id};`,
      `delete from ducklake.ducklake_data_file where data_file_id = ${id};`,
    ].join("\n"),
  });
  expect(await found("events")).toEqual([]);
  expect(await found(null, false)).toEqual([]);
  await mend(damage?.mend ?? "", { sql, duckdb });
  expect(await found(null)).toEqual([]);
  expect(await rowCount()).toBe(80);
});

test("a delete file that is gone: what it deleted is back", async () => {
  const { id, begin, place } = await lastFile("delete");
  await rename(place, `${place}.gone`);
  const [damage, ...others] = await found("t [1]");
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t [1]",
    kind: "FileMissing",
    first_snapshot: begin,
    last_snapshot: null,
    object: `delete file ${id}`,
    message: `delete file ${id} of main.t [1] is gone from the storage: ${place}`,
    mend: [
      "-- bring the file back from a backup. Without one the rows that it deletes are back, and have to be deleted again after, in PostgreSQL",
      `delete from ducklake.ducklake_delete_file where delete_file_id = ${id};`,
    ].join("\n"),
  });
  await mend(damage?.mend ?? "", { sql, duckdb });
  expect(await found(null)).toEqual([]);
  expect(await rowCount()).toBe(199);
});

test("a file that comes back is no damage any more", async () => {
  const { place } = await lastFile("data");
  await rename(place, `${place}.gone`);
  expect(await found("t [1]")).toHaveLength(1);
  await rename(`${place}.gone`, place);
  expect(await found("t [1]")).toEqual([]);
});

test("a file outside of the data path: the engine may not read it, and can where it was moved to", async () => {
  const outside = join(dirname(trickle().dataPath), "outside.parquet");
  await duckdb.run(`copy (select 1000 as i, 0 as part) to '${outside}' (format parquet)`);
  await duckdb.run("create table lake.plain (i integer, part integer)");
  await duckdb.run(`call ducklake_add_data_files('lake', 'plain', '${outside}')`);
  const reader = await connectEngine(trickle().lake, { user: "lake" });
  const read = () => reader.query<{ total: string }>("select sum(i) as total from main.plain");
  const refused = await failureOf(read());
  const [damage, ...others] = await found("plain");
  expect(others).toEqual([]);
  expect(damage?.kind).toBe("FileOutside");
  const place = /byte for byte, to (.*); in PostgreSQL/.exec(damage?.mend ?? "")?.[1] ?? "";
  await mkdir(dirname(place), { recursive: true });
  await rename(outside, place);
  await mend(damage?.mend ?? "", { sql, duckdb });
  expect((await read()).rows).toEqual([{ total: "1000" }]);
  await reader.end();
  expect([refused.code, refused.message]).toEqual([
    "42501",
    expect.stringContaining(`data file ${outside} is outside the lake's data path`),
  ]);
  expect(await found(null)).toEqual([]);
});

test("the engine lists no folder that is not below the data path", async () => {
  const planner = await connectEngine(trickle().lake, { user: "plans" });
  const refused = await failureOf(planner.query("select path from engine.stored where folder = '../'"));
  const whole = await failureOf(planner.query("select path from engine.stored"));
  await planner.end();
  expect([refused.code, refused.message]).toEqual(["LT002", "folder = ../ is not below the data path"]);
  expect([whole.code, whole.message]).toEqual(["LT001", "engine.stored needs folder = <value>"]);
});

// The last one: the engine is gone after it.
test("without the engine the catalog is looked at still, and the storage is refused with the way out", async () => {
  await trickle().lake.kill();
  expect(await found(null, false)).toEqual([]);
  const refused = await failure(found(null));
  expect(refused).toMatchObject({ code: "TR014", hint: "Start it and try again, or leave the storage out." });
  expect(refused.message).toMatch(/^the lake engine cannot be reached: /);
});
