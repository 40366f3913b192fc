/** A snapshot at which a lake table had not yet, or has no more, a column that a query names. */
import { beforeAll, describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { sql, duckdb, head, create } = useStreamTables(trickle);
let before: number;
let after: number;

beforeAll(async () => {
  await duckdb().run("create table lake.main.al (k varchar, v integer)");
  await duckdb().run("insert into lake.main.al values ('a', 1)");
  before = await head();
  await duckdb().run("alter table lake.main.al add column w integer default 7");
  after = await head();
  await sql(
    "create foreign table lake.al (k text, v int, w int) server lake options (schema_name 'main', table_name 'al')",
  );
  await create("al_w", "select w, count(*) as n from lake.al group by w");
  await create("al_k", "select k, count(*) as n from lake.al group by k");
  await sql("select pgtrickle.pause_scheduler(array['al_w', 'al_k'])");
});

const missing = () => ({
  code: "TR016",
  message: `lake table main.al had no column w at snapshot ${before}`,
  hint: "The query of stream table public.al_w needs it: choose a snapshot at which it was there. Where it was dropped since: add it again, or give the stream table a query without it: select pgtrickle.alter_stream_table('public.al_w', query => '…');",
});

describe("before the column was there", () => {
  test.each([
    "select pgtrickle.plan_rewind(array['al_w'], $1)",
    "select pgtrickle.plan_rewind(array['al_w'], $1, 'Full')",
    "select pgtrickle.rewind(array['al_w'], $1)",
    "select * from pgtrickle.at(null::al_w, $1)",
    "select * from pgtrickle.diff(null::al_w, $1)",
  ])("%s says which one", async (statement) => {
    expect(await failure(sql(statement, [before]))).toMatchObject(missing());
  });

  test("snapshots() offers no strategy, and a table that does not name the column all the same", async () => {
    const strategies = async (table: string) => {
      const { rows } = await sql(
        "select snapshot_id::int as id, strategies from pgtrickle.snapshots($1) where snapshot_id in ($2, $3) order by 1",
        [table, before, after],
      );
      return rows;
    };
    expect(await strategies("al_w")).toEqual([
      { id: before, strategies: [] },
      { id: after, strategies: ["Full", "Journal"] },
    ]);
    expect((await strategies("al_k"))[0]).toEqual({ id: before, strategies: ["Full"] });
  });

  test("a table that does not name the column goes back there", async () => {
    await sql("select pgtrickle.rewind(array['al_k'], $1, 'Full')", [before]);
    expect((await sql("select k, n::int from al_k")).rows).toEqual([{ k: "a", n: 1 }]);
  });
});

test("a column that was dropped is named by the next refresh", async () => {
  await sql("select pgtrickle.resume_scheduler(array['al_w'])");
  await duckdb().run("alter table lake.main.al drop column w");
  const error = await failure(sql("select pgtrickle.refresh('al_w')"));
  expect(error).toMatchObject({
    code: "TR016",
    message: `lake table main.al had no column w at snapshot ${await head()}`,
  });
});
