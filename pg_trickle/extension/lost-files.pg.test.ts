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
  value<object>("pgtrickle.plan_rewind(array['lost_sum'], $1, $2) -> 'tables' -> 0", [good, strategy]);

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
  test("to where the table stands already needs no file either, and neither does the rewind", async () => {
    await rewindWithProof("Journal");
    for (const strategy of ["Auto", "Journal"]) {
      expect(await plan(strategy)).toMatchObject({
        ...{ strategy: "Nothing", rows_changed: 0, contradiction: null, lake_error: { code: "LT012" } },
      });
      await rewindWithProof(strategy);
    }
    expect((await sql("select k, n::int, s::int from lost_sum")).rows).toEqual([{ k: "a", n: 30, s: 435 }]);
  });

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

describe("verify and scrub", () => {
  const verify = (level: string) => sql("select ok from pgtrickle.verify('lost_sum', $1)", [level]);

  test("name each file that is gone, before any row is read; level fingerprint needs none", async () => {
    const putOtherBack = loseFile(trickle().dataPath, "lost", 0);
    try {
      for (const level of ["engine", "rows"]) {
        const error = await failure(verify(level));
        expect(error).toMatchObject({
          code: "LT012",
          message: expect.stringMatching(
            /^data file \d+ of main\.lost is gone from the storage: \/.*\.parquet, and 1 more$/,
          ),
          hint: expect.stringMatching(/Stream table public\.lost_sum has its rows still.*inspect_lake/),
        });
        expect(error.detail?.split("\n")).toHaveLength(2);
      }
      expect((await verify("fingerprint")).rows).toEqual([{ ok: true }]);
    } finally {
      putOtherBack();
    }
  });

  test("scrub the same, of a table that is not paused", async () => {
    await sql("select pgtrickle.resume_scheduler(array['lost_sum'])");
    expect(await failure(sql("select pgtrickle.scrub('lost_sum')"))).toMatchObject({
      ...{ code: "LT012", message: expect.stringMatching(/^data file \d+ of main\.lost is gone from the storage: /) },
    });
  });

  test("ask for the files of their own snapshot only", async () => {
    putBack();
    putBack = () => undefined;
    const before = await head();
    await duckdb().run("create table lake.main.beside as from range(30) r(i)");
    const putOtherBack = loseFile(trickle().dataPath, "beside", 0);
    await sql("insert into lake.lost values ('later', 1)");
    const putLaterBack = loseFile(trickle().dataPath, "lost", -1);
    try {
      const shown = "select contents_snapshot from pgtrickle.pgt_stream_tables where pgt_name = 'lost_sum'";
      expect(Number(await value(shown))).toBe(before);
      expect((await verify("engine")).rows).toEqual([{ ok: true }]);
    } finally {
      putOtherBack();
      putLaterBack();
      await duckdb().run("drop table lake.main.beside");
    }
  });
});
