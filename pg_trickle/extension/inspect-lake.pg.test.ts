/** Damage that is in a lake already is found, told in full, and gone after what its row says was done. The guard is off where it would keep it away. */
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { findings, mend } from "./testing/lake-findings.ts";
import { useLakeTables } from "./testing/lake-tables.ts";

const lake = useLakeTables();
let one: DuckdbClient;
let two: DuckdbClient;

const sql = <T extends object>(text: string, values?: unknown[]) => lake.sql<T>(text, values);
const found = (table: string | null = null) => findings(sql, table);
const doMend = (text: string) => mend(text, { sql, duckdb: one });
const setGuard = (isOn: boolean) => lake.sql("select pgtrickle.set_guard($1)", [isOn]);
const rowsNow = async () => (await lake.rowsAtEachSnapshot()).at(-1)?.rows;

const FLUSH = "call ducklake_flush_inlined_data('lake')";
const MERGE = "call ducklake_merge_adjacent_files('lake')";
const REWRITE = "call ducklake_rewrite_data_files('lake', 't', delete_threshold => 0)";
const LARGE = "delete from lake.t where i >= 100 and i < 140";
const SMALL = "delete from lake.t where i = 50";

beforeEach(async () => {
  [one, two] = await lake.clients();
  // What the test before has left goes with the past that it needs.
  await setGuard(true);
  await lake.createTables(one, { rows: 200 });
  const head = await lake.head();
  const past = Array.from({ length: head }, (_, id) => id).join(", ");
  await one.run(`call ducklake_expire_snapshots('lake', versions => [${past}])`);
  await one.run("call ducklake_cleanup_old_files('lake', cleanup_all => true)");
  expect(await found()).toEqual([]);
});

/** One client's work, begun before another's and committed after it. */
async function beside(work: string, otherwise: string): Promise<void> {
  await one.run("begin");
  await one.run(work);
  await two.run(otherwise);
  await one.run("commit");
}

/** The only one that the table began with. */
async function dataFile(): Promise<{ readonly id: string; readonly path: string }> {
  const [file] = await lake.sql<{ id: string; path: string }>(
    "select data_file_id as id, path from ducklake.ducklake_data_file where table_id = $1 order by 1 limit 1",
    [lake.tableId],
  );
  if (!file) throw new Error("the table has no data file");
  return file;
}

const deleteFiles = () =>
  lake.sql<{ id: string; count: string; path: string }>(
    `select delete_file_id as id, delete_count as count, path from ducklake.ducklake_delete_file
     where table_id = $1 and end_snapshot is null order by 2 desc, 1`,
    [lake.tableId],
  );

const place = (path: string) => join(lake.trickle().dataPath, "main/t", path);

test("two delete files of one data file: one goes, and what it deleted is deleted again", async () => {
  await setGuard(false);
  await one.run("delete from lake.t where i < 20");
  await one.run(SMALL);
  await beside(LARGE, FLUSH);
  expect(await rowsNow()).not.toBe(200 - 20 - 1 - 40);
  const [kept, second] = await deleteFiles();
  const file = await dataFile();
  const [damage, ...others] = await found();
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t",
    kind: "TwoDeleteFiles",
    first_snapshot: (await lake.head()) - 3,
    last_snapshot: null,
    object: `delete file ${second?.id}`,
    message: `data file ${file.id} of main.t has two delete files at once, ${kept?.id} with 60 rows and ${second?.id} with 21: all its other rows are read twice, and those that one of them deletes once`,
    mend: [
      "-- in PostgreSQL",
      `delete from ducklake.ducklake_delete_file where delete_file_id = ${second?.id};`,
      "-- at once after it, in DuckDB, the lake attached as lake: what that file deletes is deleted again",
      `delete from lake."main"."t" where filename = '${place(file.path)}' and file_row_number in (select pos from read_parquet('${place(second?.path ?? "")}'));`,
    ].join("\n"),
  });
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
  expect(await rowsNow()).toBe(200 - 20 - 1 - 40);
});

test("two delete files in the past alone, as by a flush after a rewrite: those snapshots are let go", async () => {
  await setGuard(false);
  await one.run("delete from lake.t where i between 1 and 24");
  await one.run("delete from lake.t where i = 26");
  const head = await lake.head();
  await one.run(REWRITE);
  await one.run(FLUSH);
  const file = await dataFile();
  const [damage, ...others] = await found("t");
  expect(others).toEqual([]);
  expect(damage).toMatchObject({
    table_name: "main.t",
    kind: "TwoDeleteFiles",
    first_snapshot: head,
    last_snapshot: head,
    message: expect.stringMatching(`^data file ${file.id} of main.t has two delete files at once, `),
    mend: `-- in DuckDB, the lake attached as lake\ncall ducklake_expire_snapshots('lake', versions => [${head}]);`,
  });
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
  expect(await rowsNow()).toBe(200 - 25);
});

test("a deletion that is dated to another client's commit: that snapshot is let go", async () => {
  await setGuard(false);
  await one.run("delete from lake.t where i < 20");
  await beside(LARGE, "insert into lake.other values (1)");
  const head = await lake.head();
  expect((await lake.rowsAtEachSnapshot()).slice(-2)).toEqual([
    { id: head - 1, rows: 140 },
    { id: head, rows: 140 },
  ]);
  const [file] = await deleteFiles();
  const [damage, ...others] = await found();
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t",
    kind: "DeletionDatedBack",
    first_snapshot: head - 1,
    last_snapshot: head - 1,
    object: `delete file ${file?.id}`,
    message: `delete file ${file?.id} of data file ${(await dataFile()).id} has deletions that are dated to snapshot ${head - 1}, which deleted nothing from main.t: there the rows are missing already that snapshot ${head} deleted`,
    mend: `-- in DuckDB, the lake attached as lake\ncall ducklake_expire_snapshots('lake', versions => [${head - 1}]);`,
  });
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
  expect(await rowsNow()).toBe(140);
});

test("with the guard on the same deletion leaves nothing to find", async () => {
  await one.run("delete from lake.t where i < 20");
  await beside(LARGE, "insert into lake.other values (1)");
  await one.run("delete from lake.t where i >= 150 and i < 170");
  expect(await lake.keptCount()).toBe(1);
  expect(await found()).toEqual([]);
});

/** Two small deletions that a flush leaves in the catalog as well, because of another commit meanwhile; one more that nobody sees. */
async function deleteTwice(): Promise<number> {
  await setGuard(false);
  await one.run(SMALL);
  await one.run("delete from lake.t where i = 51");
  await beside(FLUSH, "insert into lake.other values (1)");
  await one.run("delete from lake.t where i = 52");
  return (await lake.head()) - 4;
}

test("deletions in a delete file and in the catalog, too: one more flush brings all of them back", async () => {
  const first = await deleteTwice();
  const file = await dataFile();
  // DuckDB shows rows that were deleted, at some snapshots and now.
  expect(await rowsNow()).toBeGreaterThan(200 - 3);
  const [damage, ...others] = await found();
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t",
    kind: "DeletedTwice",
    first_snapshot: first,
    last_snapshot: null,
    object: `ducklake.ducklake_inlined_delete_${lake.tableId}, data file ${file.id}`,
    message: `data file ${file.id} of main.t has deletions twice, in delete file ${(await deleteFiles())[0]?.id} and in the catalog, among them of positions 50, 51: of these rows and of those deleted since some are back`,
    mend: [
      "-- in DuckDB, the lake attached as lake: once more, and nobody beside it",
      "call ducklake_flush_inlined_data('lake', schema_name => 'main', table_name => 't');",
    ].join("\n"),
  });
  // A large deletion does not end it: it is not seen either.
  await one.run(LARGE);
  expect(await rowsNow()).toBeGreaterThan(200 - 3 - 40);
  expect(await found()).toMatchObject([{ kind: "DeletedTwice", first_snapshot: first, last_snapshot: null }]);
  await setGuard(true);
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
  expect((await lake.rowsAtEachSnapshot()).slice(-7).map(({ rows }) => rows)).toEqual([
    ...[199, 198, 198, 198, 197, 157, 157],
  ]);
});

test("the same in a file that a rewrite has replaced since: its rows are deleted again", async () => {
  const first = await deleteTwice();
  const file = await dataFile();
  const last = await lake.head();
  await one.run(REWRITE);
  const [damage, ...others] = await found();
  expect(others).toEqual([]);
  const versions = Array.from({ length: last - first + 1 }, (_, index) => first + index).join(", ");
  const [comment, show = "", ...expiry] = damage?.mend.split("\n") ?? [];
  expect(damage).toMatchObject({ kind: "DeletedTwice", first_snapshot: first, last_snapshot: last });
  expect(comment).toBe(
    "-- what came in the place of the file has those rows: delete them again; where it is not cleaned up yet, DuckDB shows them",
  );
  expect(show).toBe(`from read_parquet('${place(file.path)}') where file_row_number in (50, 51, 52);`);
  expect(await one.rows(show.replace("from", "select i from"))).toEqual([{ i: 50 }, { i: 51 }, { i: 52 }]);
  expect(expiry).toEqual([
    "-- in DuckDB, the lake attached as lake",
    `call ducklake_expire_snapshots('lake', versions => [${versions}]);`,
  ]);
  await one.run("delete from lake.t where i in (50, 51, 52)");
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
  expect(await rowsNow()).toBe(200 - 3);
});

test("small deletions before, between, after and in one commit with large ones are no finding", async () => {
  for (const isOn of [true, false]) {
    await setGuard(isOn);
    await one.run(SMALL);
    await one.run(LARGE);
    await one.run("delete from lake.t where i = 51");
    for (const [first, second] of [
      ["i = 53", "i < 20"],
      ["i between 20 and 45", "i = 54"],
    ]) {
      await one.run("begin");
      await one.run(`delete from lake.t where ${first}`);
      await one.run(`delete from lake.t where ${second}`);
      await one.run("commit");
    }
    expect(await found()).toEqual([]);
    await one.run("begin");
    await one.run(FLUSH);
    await one.run("delete from lake.t where i = 55");
    await one.run("commit");
    expect(await found()).toEqual([]);
    await one.run("delete from lake.t");
    await one.run("insert into lake.t select i, 0 from range(200) r (i)");
  }
});

test("a small deletion that its snapshot does not list, as by a client that lists none", async () => {
  await one.run(SMALL);
  const head = await lake.head();
  await lake.sql("update ducklake.ducklake_snapshot_changes set changes_made = '' where snapshot_id = $1", [head]);
  const file = await dataFile();
  const [damage, ...others] = await found("t");
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t",
    kind: "DeletionDatedBack",
    first_snapshot: head,
    last_snapshot: head,
    object: `ducklake.ducklake_inlined_delete_${lake.tableId}, data file ${file.id}`,
    message: `deletions from data file ${file.id} are dated to snapshot ${head}, which deleted nothing from main.t: there the rows are missing already that a later one deleted`,
    mend: [
      "-- after the next commit to the lake, as its newest snapshot cannot be expired",
      "-- in DuckDB, the lake attached as lake",
      `call ducklake_expire_snapshots('lake', versions => [${head}]);`,
    ].join("\n"),
  });
  await two.run("insert into lake.other values (1)");
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
});

test.each([
  { name: "a merge", setup: "insert into lake.t select i, 0 from range(200, 300) r (i)", work: MERGE, left: 300 },
  { name: "a rewrite", setup: "delete from lake.t where i >= 180", work: REWRITE, left: 180 },
])("a small deletion that $name has lost: it is done again, and its row goes", async ({ setup, work, left }) => {
  const file = await dataFile();
  await setGuard(false);
  await one.run(setup);
  await beside(SMALL, work);
  expect(await rowsNow()).toBe(left);
  const head = await lake.head();
  const table = `ducklake_inlined_delete_${lake.tableId}`;
  const [damage, ...others] = await found("main.t");
  expect(others).toEqual([]);
  expect(damage).toEqual({
    table_name: "main.t",
    kind: "DeletionLost",
    first_snapshot: head,
    last_snapshot: null,
    object: `ducklake.${table}, data file ${file.id}`,
    message: `snapshot ${head} deleted rows from data file ${file.id} of main.t, positions 50, but a compaction had replaced that file: the rows are still there`,
    mend: [
      "-- delete the rows again; where the old file is not cleaned up yet, DuckDB shows them",
      `from read_parquet('${place(file.path)}') where file_row_number in (50);`,
      "-- then, in PostgreSQL",
      `delete from ducklake.${table} where file_id = ${file.id} and begin_snapshot = ${head};`,
    ].join("\n"),
  });
  const [, show = ""] = damage?.mend.split("\n") ?? [];
  expect(await one.rows(show.replace("from", "select i from"))).toEqual([{ i: 50 }]);
  await doMend(damage?.mend ?? "");
  expect(await found()).toEqual([]);
  await one.run(SMALL);
  expect(await rowsNow()).toBe(left - 1);
});
