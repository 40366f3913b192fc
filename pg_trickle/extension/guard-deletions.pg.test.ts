/** Deletions that another commit came before: dated rightly at every snapshot, for every client, and nobody refused. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { useLakeTables } from "./testing/lake-tables.ts";

const lake = useLakeTables();
let one: DuckdbClient;
let two: DuckdbClient;

beforeEach(async () => {
  [one, two] = await lake.clients();
  await lake.createTables(one, { rows: 2000 });
});

/** A deletion of 20 rows by one client in a transaction in which the other one commits something. */
async function deleteBeside(from: number, otherwise = "insert into lake.other values (1)"): Promise<void> {
  await one.run("begin");
  await one.run(`delete from lake.t where i >= ${from} and i < ${from + 20}`);
  await two.run(otherwise);
  await one.run("commit");
}

test("100 deletions beside a session that commits to another table: none refused, none lost, each at its own snapshot", async () => {
  let isOver = false;
  let others = 0;
  async function commitElsewhere(): Promise<void> {
    while (!isOver) {
      await two.run("insert into lake.other values (1)");
      others += 1;
      await wait(60);
    }
  }
  const elsewhere = commitElsewhere();
  for (let i = 0; i < 100; i++) await one.run(`delete from lake.t where i >= ${i * 12} and i < ${(i + 1) * 12}`);
  isOver = true;
  await elsewhere;
  expect(others).toBeGreaterThan(5);
  // Without the guard these are the ones that go wrong.
  expect(await lake.keptCount()).toBeGreaterThan(5);
  const counts = await lake.rowsAtEachSnapshot();
  expect(counts).toEqual(await lake.rowsByCommits(12));
  expect([counts[0]?.rows, counts.at(-1)?.rows]).toEqual([2000, 800]);
  expect(await lake.damage()).toEqual([]);
}, 300_000);

describe("after a deletion that another commit came before", () => {
  beforeEach(async () => {
    await one.run("delete from lake.t where i < 20");
    await deleteBeside(100);
  });

  const isRight = async () => expect(await lake.rowsAtEachSnapshot()).toEqual(await lake.rowsByCommits(20));

  test("the other commit's snapshot has the rows still", isRight);

  test("further deletions in that file, before others and alone, are right too", async () => {
    await one.run("delete from lake.t where i >= 200 and i < 220");
    await deleteBeside(300);
    await deleteBeside(400);
    await two.run("delete from lake.t where i >= 500 and i < 520");
    await isRight();
    expect(await lake.keptCount()).toBe(3);
  });

  test("a rewrite changes no snapshot", async () => {
    await two.run("call ducklake_rewrite_data_files('lake', 't', delete_threshold => 0)");
    await isRight();
  });

  test("small deletions before and after it stay right through flushes", async () => {
    const first = await lake.head();
    await one.run("delete from lake.t where i = 1000");
    await deleteBeside(300);
    await one.run("delete from lake.t where i = 1001");
    const wanted = [1960, 1959, 1959, 1939, 1938].map((rows, i) => ({ id: first + i, rows }));
    expect((await lake.rowsAtEachSnapshot()).slice(-5)).toEqual(wanted);
    await two.run("call ducklake_flush_inlined_data('lake')");
    await one.run("delete from lake.t where i = 1002");
    const flushed = await lake.rowsAtEachSnapshot();
    expect(flushed.filter(({ id }) => id >= first && id < first + 5)).toEqual(wanted);
    expect(flushed.at(-1)?.rows).toBe(1937);
  });

  test("the kept file goes with the last snapshot that needs it, and not before", async () => {
    const [kept] = await lake.sql<{ path: string; end: string }>(
      "select path, end_snapshot as end from ducklake.ducklake_delete_file where end_snapshot is not null and table_id = $1",
      [lake.tableId],
    );
    const file = join(lake.trickle().dataPath, "main/t", kept?.path ?? "");
    await two.run("call ducklake_cleanup_old_files('lake', cleanup_all => true)");
    expect(existsSync(file)).toBe(true);
    await isRight();
    const old = await lake.sql<{ id: string }>(
      "select snapshot_id as id from ducklake.ducklake_snapshot where snapshot_id < $1",
      [kept?.end],
    );
    await two.run(`call ducklake_expire_snapshots('lake', versions => [${old.map(({ id }) => id).join(", ")}])`);
    await two.run("call ducklake_cleanup_old_files('lake', cleanup_all => true)");
    expect(existsSync(file)).toBe(false);
    await isRight();
    expect(await lake.keptCount()).toBe(0);
  });

  test("what is deleted in that file after an expiry can be flushed again", async () => {
    await one.run("delete from lake.t where i = 1000");
    await deleteBeside(300);
    await two.run("call ducklake_flush_inlined_data('lake')");
    expect(await lake.inlinedCount()).toBe(1);
    const head = await lake.head();
    await two.run(
      `call ducklake_expire_snapshots('lake', versions => [${Array.from({ length: head }, (_, id) => id).join(", ")}])`,
    );
    await two.run("call ducklake_flush_inlined_data('lake')");
    expect(await lake.inlinedCount()).toBe(0);
    expect((await lake.rowsAtEachSnapshot()).at(-1)?.rows).toBe(2000 - 3 * 20 - 1);
  });
});

test("a flush that another commit came before is undone in silence, and done by the next one", async () => {
  await one.run("delete from lake.t where i < 20");
  await one.run("delete from lake.t where i in (100, 101)");
  await one.run("begin");
  await one.run("call ducklake_flush_inlined_data('lake')");
  await two.run("insert into lake.other select i from range(20) r (i)");
  await one.run("commit");
  expect(await lake.inlinedCount()).toBe(2);
  expect((await lake.rowsAtEachSnapshot()).at(-1)?.rows).toBe(1978);
  await one.run("call ducklake_flush_inlined_data('lake')");
  expect(await lake.inlinedCount()).toBe(0);
  expect((await lake.rowsAtEachSnapshot()).at(-1)?.rows).toBe(1978);
});

test("a flush beside a large deletion in the same file leaves one delete file", async () => {
  await one.run("delete from lake.t where i < 20");
  await one.run("delete from lake.t where i in (100, 101)");
  await one.run("begin");
  await one.run("call ducklake_flush_inlined_data('lake')");
  await two.run("delete from lake.t where i < 40");
  await one.run("commit");
  expect((await lake.rowsAtEachSnapshot()).at(-1)?.rows).toBe(2000 - 42);
});

test("a flush after a rewrite leaves old snapshots as they were", async () => {
  await one.run("delete from lake.t where i between 1 and 24");
  await one.run("delete from lake.t where i = 26");
  const before = await lake.rowsAtEachSnapshot();
  await one.run("call ducklake_rewrite_data_files('lake', 't', delete_threshold => 0)");
  await one.run("call ducklake_flush_inlined_data('lake', table_name => 't')");
  const after = await lake.rowsAtEachSnapshot();
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.at(-1)?.rows).toBe(1975);
});

test("a deletion that cannot be repaired is recorded for the snapshots at which it shows too early", async () => {
  const table = lake.tableId;
  const [file] = await lake.sql<{ id: string }>(
    "select data_file_id as id from ducklake.ducklake_data_file where table_id = $1",
    [table],
  );
  const head = await lake.head();
  // As no DuckLake does it: a delete file dated to the head, with nothing replaced.
  await lake.sql(
    `with c as (insert into ducklake.ducklake_snapshot select snapshot_id + 1, now(), schema_version, next_catalog_id, 901
       from ducklake.ducklake_snapshot where snapshot_id = ${head})
     insert into ducklake.ducklake_delete_file values (900, ${table}, ${head - 1}, null, ${file?.id}, 'x', true, 'parquet', 1, 1, 1, null, ${head})`,
  );
  const flagged = (id: number) => lake.sql(`select pgtrickle_guard.is_flagged(${table}, ${id}) as is_flagged`);
  expect(await flagged(head)).toEqual([{ is_flagged: true }]);
  expect(await flagged(head - 1)).toEqual([{ is_flagged: false }]);
  expect(await flagged(head + 1)).toEqual([{ is_flagged: false }]);
  expect(await lake.damage()).toMatchObject([
    { data_file_id: file?.id, what: expect.stringContaining("dated to an earlier snapshot") },
  ]);
});
