/** A data file of the lake that is gone: what needs it says so; what the undo journal has needs no file. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { loseFile } from "../lake/testing/broken-lake.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { pool, sql, value, duckdb, head, create } = useStreamTables(trickle);
let good: number;
let putBack: () => void;

beforeAll(async () => {
  await duckdb().run("create table lake.main.lost (k varchar, v integer)");
  await duckdb().run("insert into lake.main.lost select 'a', i from range(30) r(i)");
  await sql(
    "create foreign table lake.lost (k text, v int) server lake options (schema_name 'main', table_name 'lost')",
  );
  await create("lost_sum", "select k, count(*) as n, sum(v) as s from lake.lost group by k");
  good = await head();
});

beforeEach(async () => {
  await sql("insert into lake.lost values ('bad', 4)");
  await sql("select pgtrickle.refresh('lost_sum')");
  await sql("select pgtrickle.pause_scheduler(array['lost_sum'])");
  putBack = loseFile(trickle().dataPath, "lost", 0);
});

afterEach(async () => {
  putBack();
  await sql("select pgtrickle.resume_scheduler(array['lost_sum'])");
});

const plan = (strategy = "Auto") =>
  value<object>("pgtrickle.plan_rewind(array['lost_sum'], $1) -> 'tables' -> 0", [
    good,
    ...(strategy === "Auto" ? [] : [strategy]),
  ]);

/** As the operator does. */
async function rewindWithProof(strategy: string): Promise<void> {
  const client = await pool().connect();
  try {
    await client.query("begin");
    await client.query(
      "select pgtrickle_internal.stage_rewind(array[pgtrickle_internal.resolve('lost_sum')], $1, $2, p_is_proof_wanted => true)",
      [good, strategy],
    );
    await client.query("select pgtrickle_internal.finish_moves()");
    await client.query("commit");
  } finally {
    client.release(true);
  }
}

describe("the plan", () => {
  test("by the journal is made, and says that the lake was not asked", async () => {
    expect(await plan()).toMatchObject({
      ...{ strategy: "Journal", rows_changed: 1, contradiction: null },
      lake_error: { code: "LT012", message: expect.stringMatching(/\.parquet.*No such file/) },
    });
  });
});

describe("the rewind", () => {
  test.each(["Auto", "Journal"])(
    "by strategy %s brings the rows back, also where proof is wanted",
    async (strategy) => {
      await rewindWithProof(strategy);
      expect((await sql("select k, n::int, s::int from lost_sum")).rows).toEqual([{ k: "a", n: 30, s: 435 }]);
    },
  );

  test("by strategy Full names the file and what can still be done", async () => {
    const error = await failure(sql("select pgtrickle.rewind(array['lost_sum'], $1, 'Full')", [good]));
    expect(error).toMatchObject({ code: "LT012", message: expect.stringMatching(/\.parquet.*No such file/) });
    expect(error.hint).toMatch(/Restore it from a backup.*strategy Journal/);
  });
});
