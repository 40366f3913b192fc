import { expect, test } from "vitest";
import { useTrickle } from "../test/support/trickle.ts";

const trickle = useTrickle();

test("rows written through the foreign table are read by a plain DuckDB on the same catalog", async () => {
  const database = trickle();
  await database.pool().query("insert into lake.events values (gen_random_uuid(), 'click', 50, now())");
  const duckdb = await database.duckdb();
  expect(await duckdb.rows("select event_type, value from lake.events")).toEqual([
    { event_type: "click", value: "50" },
  ]);
});

test("rows written by a plain DuckDB are read through the foreign table", async () => {
  const database = trickle();
  const duckdb = await database.duckdb({ readOnly: false });
  await duckdb.run("insert into lake.events values (uuid(), 'view', 50, now())");
  const { rows } = await database.pool().query("select count(*)::int as n from lake.events where event_type = 'view'");
  expect(rows).toEqual([{ n: 1 }]);
});

test("a killed engine can be started again", async () => {
  const database = trickle();
  const before = database.lake.enginePid();
  await database.restartLake();
  expect(database.lake.enginePid()).not.toBe(before);
  const { rows } = await database.pool().query("select count(*)::int as n from lake.events");
  expect(rows).toEqual([{ n: 2 }]);
});
