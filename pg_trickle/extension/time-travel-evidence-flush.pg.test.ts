/** Maintenance by a DuckDB of one's own that changes no row, after which DuckLake's past may show others than were published. */
import { beforeAll, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { sql, duckdb, head, create, preferStrategy } = useStreamTables(trickle);
let published: number;

const contents = async () => (await sql("select k, n::int from fl_s")).rows;

async function rewound(strategy: string) {
  return (await sql("select * from pgtrickle.rewind(array['fl_s'], $1, $2)", [published, strategy])).rows[0];
}

beforeAll(async () => {
  const lake = duckdb();
  await lake.run("create table lake.main.fl (id integer, k varchar)");
  await lake.run("call lake.set_option('data_inlining_row_limit', 20, table_name => 'fl')");
  await lake.run("insert into lake.main.fl select i, 'a' from range(30) r(i)");
  await lake.run("insert into lake.main.fl select i, 'a' from range(100, 200) r(i)");
  await sql("create foreign table lake.fl (id int, k text) server lake options (schema_name 'main', table_name 'fl')");
  await create("fl_s", "select k, count(*) as n, sum(id) as s from lake.fl group by k");
  // More than the limit: a Parquet file of deletions. Then one that is inlined.
  await lake.run("delete from lake.main.fl where id between 1 and 24");
  await lake.run("delete from lake.main.fl where id = 26");
  await sql("select pgtrickle.refresh('fl_s')");
  published = await head();
  expect(await contents()).toEqual([{ k: "a", n: 105 }]);
  await lake.run("call ducklake_rewrite_data_files('lake', 'fl', delete_threshold => 0)");
  await lake.run("call ducklake_flush_inlined_data('lake', table_name => 'fl')");
  await lake.run("insert into lake.main.fl values (1000, 'a')");
  // How a delta is computed after maintenance is not what is tested here.
  await preferStrategy("Full");
  await sql("select pgtrickle.refresh('fl_s')");
  expect(await contents()).toEqual([{ k: "a", n: 106 }]);
  await sql("select pgtrickle.pause_scheduler(array['fl_s'])");
});

test("the plan shows both row counts where the lake's past is another one now, and nothing where it is not", async () => {
  const { rows } = await sql("select pgtrickle.plan_rewind(array['fl_s'], $1) -> 'tables' -> 0 as plan", [published]);
  const past = Number(
    (await duckdb().rows(`select count(*) as n from lake.main.fl at (version => ${published})`))[0]?.["n"],
  );
  if (past === 105) {
    expect(rows[0]?.plan.contradiction).toBeNull();
    expect(await rewound("Full")).toMatchObject({ row_count: "1" });
  } else {
    expect(rows[0]?.plan.contradiction).toMatchObject({
      ...{ recorded: { row_count: 1 }, lake: { row_count: 1 } },
      sample: [
        { change: "-", row: { k: "a", n: 105 } },
        { change: "+", row: { k: "a", n: past } },
      ],
    });
    const error = await failure(rewound("Full"));
    expect(error.code).toBe("TR022");
    expect(error.message).toMatch(new RegExp(`the lake gives .*"n": ${past},.* published .*"n": 105,`));
  }
  expect(await rewound("Auto")).toMatchObject({ verified: "fingerprint" });
  expect(await contents()).toEqual([{ k: "a", n: 105 }]);
});
