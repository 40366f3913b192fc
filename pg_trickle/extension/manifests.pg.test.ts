// What was consumed is recorded file by file: a past that changes afterwards is noticed, counts that do not agree stop a
// publication, and a refresh costs what changed.
import { describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { duckdb, isRight, make, refresh, rows, trickle } from "./testing/counted-tables.ts";

describe("what others do", () => {
  test("a deletion that is committed beside another table's commit arrives", async () => {
    await duckdb.run("create table lake.beside (i integer)");
    await make("events2", "select 'k' || i, i from range(1000) r(i)");
    await duckdb.run("delete from lake.events2 where k = 'k1'");
    await refresh("events2");
    const other = await trickle().duckdb({ readOnly: false });
    for (const key of ["k5", "k6", "k7"]) {
      await duckdb.run("begin");
      await duckdb.run(`delete from lake.events2 where k = '${key}'`);
      await other.run("insert into lake.beside values (1)");
      // What was consumed ends at the other's commit, to which the deletion is dated.
      await refresh("events2");
      await duckdb.run("commit");
      expect(await refresh("events2")).toMatchObject({ strategy: "Delta" });
      expect(await rows("select n from events2_s where k = $1", [key])).toEqual([]);
      expect(await isRight("events2")).toBe(true);
    }
  });

  test("maintenance alone moves no rows, and the next delta goes on from the new files", async () => {
    await make("kept", "select 'a', i from range(30) r(i)");
    await duckdb.run("insert into lake.kept select 'a', i from range(100, 200) r(i)");
    await duckdb.run("delete from lake.kept where v between 1 and 24");
    expect(await refresh("kept")).toMatchObject({ strategy: "Delta" });
    await duckdb.run("call ducklake_rewrite_data_files('lake', 'kept', delete_threshold => 0)");
    await duckdb.run("call ducklake_merge_adjacent_files('lake')");
    expect(await refresh("kept")).toMatchObject({ strategy: "Nothing" });
    await duckdb.run("call ducklake_cleanup_old_files('lake', cleanup_all => true)");
    await duckdb.run("delete from lake.kept where v = 150");
    expect(await refresh("kept")).toMatchObject({ strategy: "Delta" });
    expect(await rows("select n from kept_s")).toEqual([{ n: "105" }]);
  });

  test("a file that is gone makes it a recomputation, which says why", async () => {
    await make("cleaned", "select 'a', i from range(30) r(i)");
    await duckdb.run("delete from lake.cleaned where v < 20");
    await duckdb.run("call ducklake_rewrite_data_files('lake', 'cleaned', delete_threshold => 0)");
    await duckdb.run("call ducklake_expire_snapshots('lake', older_than => now())");
    await duckdb.run("call ducklake_cleanup_old_files('lake', cleanup_all => true)");
    const { strategy, reason } = await refresh("cleaned");
    expect(strategy).toBe("Full");
    expect(reason).toContain("files with rows that were consumed are gone");
    expect(await isRight("cleaned")).toBe(true);
  });
});

describe("tables that are not plain", () => {
  test("partitioned by a column of the query", async () => {
    await make("parted", "select 'a', i from range(30) r(i)");
    await duckdb.run("alter table lake.parted set partitioned by (k)");
    await duckdb.run(
      "insert into lake.parted select case i % 3 when 0 then 'x y/z' when 1 then '[b]' end, i from range(60) r(i)",
    );
    expect(await refresh("parted")).toMatchObject({ strategy: "Delta" });
    await duckdb.run("delete from lake.parted where v % 2 = 0");
    expect(await refresh("parted")).toMatchObject({ strategy: "Delta" });
    expect(await isRight("parted")).toBe(true);
  });

  test("with a column that came later, read from older files too", async () => {
    await make("widened", "select 'a', i from range(30) r(i)");
    await duckdb.run("alter table lake.widened add column w integer default 7");
    await duckdb.run("alter table lake.widened rename column v to old_v");
    await duckdb.run("insert into lake.widened select 'b', i, i from range(20) r(i)");
    await rows(
      "create foreign table lake.widened2 (k text, w int) server lake options (schema_name 'main', table_name 'widened')",
    );
    await rows(
      "select pgtrickle.create_stream_table('widened2_s', 'select k, sum(w) as s from lake.widened2 group by k')",
    );
    await duckdb.run("delete from lake.widened where old_v < 10");
    expect(await refresh("widened2")).toMatchObject({ strategy: "Delta" });
    expect(await rows("select k, s from widened2_s order by k")).toEqual([
      { k: "a", s: "140" },
      { k: "b", s: "145" },
    ]);
  });

  test("of many types", async () => {
    const types =
      "u uuid, z timestamptz, d date, t time, f double, r real, b blob, i interval, n decimal(38,9), s smallint";
    await duckdb.run(`create table lake.typed (k varchar, ${types})`);
    const values = `('00000000-0000-0000-0000-00000000000' || (i % 10))::uuid, timestamptz '2026-01-01 10:00:00+02', date '2026-02-03', time '10:11:12.5',
      i / 3, i / 7, 'ab'::blob, interval 3 days, i / 11, i % 3`;
    await duckdb.run(`insert into lake.typed select 'k', ${values} from range(30) q(i)`);
    await rows(
      `create foreign table lake.typed (k text, u uuid, z timestamptz, d date, t time, f double precision, r real, b bytea, i interval,
        n numeric(38,9), s smallint) server lake options (schema_name 'main', table_name 'typed')`,
    );
    await rows(
      `select pgtrickle.create_stream_table('typed_s',
        'select u, z, d, count(t) as t, count(f) as f, count(r) as r, count(b) as b, count(i) as i, sum(n) as n, sum(s) as s
         from lake.typed group by u, z, d')`,
    );
    await duckdb.run("delete from lake.typed where s = 1");
    expect(await refresh("typed")).toMatchObject({ strategy: "Delta" });
    expect(await isRight("typed")).toBe(true);
  });
});

describe("a row whose value cannot be computed", () => {
  test("is an error while it is there, and none when it is gone", async () => {
    await duckdb.run("create table lake.orders (customer bigint, cents bigint)");
    await duckdb.run("insert into lake.orders select i % 3, i from range(90) r(i)");
    await rows(
      "create foreign table lake.orders (customer bigint, cents bigint) server lake options (schema_name 'main', table_name 'orders')",
    );
    await rows(
      "select pgtrickle.create_stream_table('orders_s', 'select customer, count(*) as n, sum(cents * 100) as s from lake.orders group by customer')",
    );
    await duckdb.run("insert into lake.orders values (7, 9223372036854775807)");
    expect(await failure(rows("select pgtrickle.refresh('orders_s')"))).toMatchObject({ code: "22003" });
    await duckdb.run("delete from lake.orders where customer = 7");
    await refresh("orders");
    expect(await isRight("orders")).toBe(true);
    await duckdb.run("insert into lake.orders values (1, 5)");
    expect(await refresh("orders")).toMatchObject({ strategy: "Delta" });
  });
});

describe("the seal", () => {
  test("a delete file with another number of positions than the catalog says stops the publication, with both numbers", async () => {
    await make("sealed", "select 'a', i from range(50) r(i)");
    await duckdb.run("delete from lake.sealed where v < 20");
    await rows(
      `update ducklake.ducklake_delete_file set delete_count = 19
       where table_id = (select table_id from ducklake.ducklake_table where table_name = 'sealed' and end_snapshot is null)`,
    );
    const error = await failure(rows("select pgtrickle.refresh('sealed_s')"));
    expect(error.code).toBe("TR041");
    expect(error.message).toMatch(
      /lake table main\.sealed contradicts itself .* a scan gives 30 rows of file .*, its catalog says 31/,
    );
    expect(await rows("select n from sealed_s")).toEqual([{ n: "50" }]);
    await rows("update ducklake.ducklake_delete_file set delete_count = 20 where delete_count = 19");
    expect(await refresh("sealed")).toMatchObject({ strategy: "Delta" });
    expect(await rows("select n from sealed_s")).toEqual([{ n: "30" }]);
  });

  test("a deletion in the same file that comes while the seal is checked is no contradiction", async () => {
    await make("overtaken", "select 'a', i from range(50) r(i)");
    await duckdb.run("delete from lake.overtaken where v < 20");
    const client = await trickle().pool().connect();
    try {
      await client.query(
        `create temp table before as select t.table_id, h.head, pgtrickle_internal.read_lake_state(t.table_id, h.head, h.head, 9223372036854775807) as state
         from ducklake.ducklake_table t, (select max(s.snapshot_id) as head from ducklake.ducklake_snapshot s) h where t.table_name = 'overtaken'`,
      );
      // DuckLake replaces the delete file by one with the older deletions and this one; the catalog counts both.
      await duckdb.run("delete from lake.overtaken where v = 30");
      const { rows: replaced } = await client.query(
        "select partial_max > head as is_later, delete_count::int from ducklake.ducklake_delete_file join before using (table_id) where end_snapshot is null",
      );
      expect(replaced).toEqual([{ is_later: true, delete_count: 21 }]);
      await client.query("select pgtrickle_internal.check_seal(state, 'main.overtaken') from before");
    } finally {
      client.release(true);
    }
  });

  test("two live delete files of one data file are damage, told by name", async () => {
    await make("damaged", "select 'a', i from range(50) r(i)");
    await duckdb.run("delete from lake.damaged where v < 20");
    await refresh("damaged");
    await rows(
      `insert into ducklake.ducklake_delete_file
       select d.delete_file_id + 100000, d.table_id, d.begin_snapshot, null, d.data_file_id, d.path, d.path_is_relative, d.format, d.delete_count,
         d.file_size_bytes, d.footer_size, d.encryption_key, d.partial_max
       from ducklake.ducklake_delete_file d join ducklake.ducklake_table t using (table_id) where t.table_name = 'damaged'`,
    );
    await duckdb.run("insert into lake.damaged values ('b', 1)");
    const error = await failure(rows("select pgtrickle.refresh('damaged_s')"));
    expect(error).toMatchObject({ code: "TR041" });
    expect(error.message).toMatch(
      /lake table main\.damaged is damaged: data file \d+ has more than one live delete file/,
    );
  });
});

test("a snapshot that the guard has flagged is not rebuilt, only undone to", async () => {
  await make("flagged", "select 'a', i from range(50) r(i)");
  const [at] = await rows<{ snapshot: string; table_id: string }>(
    `select s.contents_snapshot::text as snapshot, t.table_id::text from pgtrickle.pgt_stream_tables s, ducklake.ducklake_table t
     where s.table_name = 'flagged_s' and t.table_name = 'flagged'`,
  );
  await duckdb.run("insert into lake.flagged values ('b', 1)");
  await refresh("flagged");
  await rows(
    "insert into pgtrickle_guard.records values ($1, 1, $2, $2, 'a deletion is dated to an earlier snapshot than its own')",
    [at?.table_id, at?.snapshot],
  );
  await rows("select pgtrickle.pause_scheduler(array['flagged_s'])");
  const error = await failure(rows("select * from pgtrickle.rewind(array['flagged_s'], $1, 'Full')", [at?.snapshot]));
  expect(error.code).toBe("TR041");
  expect(error.message).toMatch(
    /the lake shows wrong rows of table main\.flagged at snapshot \d+: a deletion is dated/,
  );
  const moved = await rows("select strategy from pgtrickle.rewind(array['flagged_s'], $1)", [at?.snapshot]);
  expect(moved).toEqual([{ strategy: "Journal" }]);
});
