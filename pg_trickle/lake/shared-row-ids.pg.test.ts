/** Rows that DuckLake gives the same row id: a change that goes row by row must not hit the wrong one. */
import { expect, test } from "vitest";
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

test("a row-by-row delete never takes a stranger's row with it", async () => {
  await insertAndUpdate("mine");
  await insertAndUpdate("stranger's");
  const pool = trickle().pool();
  await pool.query("create table wanted (event_type text)");
  await pool.query("insert into wanted values ('mine')");
  const local = "delete from lake.events e using wanted w where w.event_type = e.event_type";
  const error = await failure(pool.query(local));
  expect(error.code).toBe("LT005");
  expect(error.message).toMatch(/main\.events.*share their row ids/);
  expect(error.hint).toContain("constants");
  expect(await types()).toEqual(["mine", "stranger's"]);
  await pool.query("delete from lake.events where event_type = 'mine'");
  expect(await types()).toEqual(["stranger's"]);
});
