/** Rows that DuckLake gives the same row id: a change that goes row by row must not hit the wrong one. */
import { beforeAll, beforeEach, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";

const trickle = useTrickle();

/** One transaction that inserts a row and changes it: with files, not inlined, its row id stays provisional. */
async function insertAndUpdate(type: string): Promise<void> {
  const client = await trickle().pool().connect();
  try {
    await client.query("begin");
    await client.query("insert into lake.events values (gen_random_uuid(), $1, 1, now())", [type]);
    await client.query("update lake.events set value = 2 where event_type = $1", [type]);
    await client.query("commit");
  } finally {
    client.release();
  }
}

const types = async () => {
  const { rows } = await trickle().pool().query("select event_type from lake.events order by 1");
  return rows.map((row) => row.event_type);
};

/** Changes that PostgreSQL makes row by row, through each row's ctid. */
const WANTED = "from wanted w where w.event_type = e.event_type";

beforeAll(async () => {
  const pool = trickle().pool();
  await pool.query("create table wanted (event_type text)");
  await pool.query("insert into wanted values ('mine')");
});

beforeEach(async () => {
  await trickle().pool().query("delete from lake.events");
  await insertAndUpdate("mine");
  await insertAndUpdate("stranger's");
  const ids = await (await trickle().duckdb()).rows("select count(distinct rowid)::int as n from lake.main.events");
  expect(ids).toEqual([{ n: 1 }]);
});

test("a row-by-row delete takes the row meant and no stranger's", async () => {
  const deleted = await trickle()
    .pool()
    .query(`delete from lake.events e using ${WANTED.slice(5)}`);
  expect(deleted.rowCount).toBe(1);
  expect(await types()).toEqual(["stranger's"]);
});

test("a row-by-row update changes the row meant and no stranger's, and its new version too", async () => {
  const client = await trickle().pool().connect();
  await client.query("begin");
  for (let round = 0; round < 2; round += 1) {
    await client.query(`update lake.events e set value = value + length(w.event_type) ${WANTED}`);
  }
  await client.query("commit");
  client.release();
  const { rows } = await trickle().pool().query("select event_type, value::int from lake.events order by 1");
  expect(rows).toEqual([
    { event_type: "mine", value: 10 },
    { event_type: "stranger's", value: 2 },
  ]);
});

test("a row that is met twice is changed once", async () => {
  const pool = trickle().pool();
  await pool.query("insert into wanted values ('mine')");
  const updated = await pool.query(`update lake.events e set value = value + length(w.event_type) ${WANTED}`);
  expect([updated.rowCount, (await types()).length]).toEqual([1, 2]);
});

test("rows of a table that hides the file are told by their row ids, or refused where those are shared", async () => {
  const pool = trickle().pool();
  const duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run("create table lake.main.logs (filename varchar, n integer)");
  await duckdb.run("insert into lake.main.logs select 'a' || range, 0 from range(100)");
  await pool.query(
    "create foreign table lake.logs (filename text, n int) server lake options (schema_name 'main', table_name 'logs')",
  );
  const changed = await pool.query("update lake.logs set n = n + (random() < 2)::int where filename in ('a1', 'a2')");
  expect(changed.rowCount).toBe(2);
  expect((await pool.query("select filename from lake.logs where n = 1 order by 1")).rows).toEqual([
    { filename: "a1" },
    { filename: "a2" },
  ]);
  await pool.query(
    "begin; insert into lake.logs values ('b', 0); update lake.logs set n = 1 where filename = 'b'; commit",
  );
  const error = await failure(pool.query("delete from lake.logs where filename = 'b' and random() < 2"));
  expect(error.code).toBe("LT005");
  expect(error.message).toMatch(/share their row ids with others/);
  expect(error.hint).toMatch(/rename the column "filename"/);
});

test("rows that really are at one place are refused, and nothing is changed", async () => {
  const pool = trickle().pool();
  const duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run("create table lake.main.twice (n integer)");
  await pool.query(
    "create foreign table lake.twice (n int) server lake options (schema_name 'main', table_name 'twice')",
  );
  await duckdb.run("insert into lake.main.twice select range from range(100)");
  const [file] = await duckdb.rows("select distinct filename as f from lake.main.twice");
  await duckdb.run(`call ducklake_add_data_files('lake', 'twice', '${file?.["f"]}')`);
  const error = await failure(pool.query("delete from lake.twice where n = 5 and random() < 2"));
  expect(error.code).toBe("LT005");
  expect(error.message).toMatch(/lake table main\.twice are to be changed one by one, but 2 rows share 1 place/);
  expect(error.hint).toContain("constants");
  expect((await pool.query("select count(*)::int as n from lake.twice")).rows).toEqual([{ n: 200 }]);
});
