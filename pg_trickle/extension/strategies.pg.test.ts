// A stream table equals its query, by whichever strategy it is brought there.
import { beforeAll, describe, expect, test } from "vitest";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { pool, sql, duckdb, value, head, create, lastRefresh, preferStrategy } = useStreamTables(trickle);

describe.each(["Delta", "Full"] as const)("refreshed by %s", (strategy) => {
  const table = `summary_${strategy.toLowerCase()}`;
  const rows = async () => (await sql(`select * from ${table} order by event_type nulls last`)).rows;

  beforeAll(async () => {
    await duckdb().run("delete from lake.events");
    await create(
      table,
      "select event_type, count(*) as n, count(value) as c, sum(value) as total, avg(value) as mean from lake.events group by event_type",
    );
    expect(await rows()).toEqual([]);
    await preferStrategy(strategy);
  });

  const advance = async () => {
    await sql("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [table]);
    return lastRefresh(table);
  };

  test("new groups appear, a NULL key and a group of NULL values among them", async () => {
    await insertEvents(pool(), "click", 3, 10);
    await insertEvents(pool(), null, 2, 7);
    await insertEvents(pool(), "empty", 2, null);
    expect(await advance()).toMatchObject({ strategy, rows_removed: 0, rows_added: 3 });
    expect(await rows()).toEqual([
      { event_type: "click", n: "3", c: "3", total: "30", mean: "10.0000000000000000" },
      { event_type: "empty", n: "2", c: "0", total: null, mean: null },
      { event_type: null, n: "2", c: "2", total: "14", mean: "7.0000000000000000" },
    ]);
  });

  test("avg has PostgreSQL's digits", async () => {
    await insertEvents(pool(), "click", 1, 1);
    expect(await advance()).toMatchObject({ rows_removed: 1, rows_added: 1 });
    expect((await rows())[0]).toMatchObject({ total: "31", mean: "7.7500000000000000" });
    expect((await rows())[0].mean).toBe(
      await value("select avg(v)::text from unnest(array[10, 10, 10, 1]::bigint[]) v"),
    );
  });

  test("a value that is replaced by another one changes the sum and not the counts", async () => {
    await duckdb().run("update lake.events set value = 100 where event_type = 'click' and value = 1");
    expect(await advance()).toMatchObject({ strategy, rows_removed: 1, rows_added: 1 });
    expect((await rows())[0]).toMatchObject({ n: "4", c: "4", total: "130" });
  });

  test("a sum that loses its last value is NULL, not 0", async () => {
    await duckdb().run("update lake.events set value = null where event_type is null");
    await advance();
    expect((await rows())[2]).toMatchObject({ n: "2", c: "0", total: null, mean: null });
  });

  test("a group without rows vanishes", async () => {
    await duckdb().run("delete from lake.events where event_type is null or event_type = 'empty'");
    expect(await advance()).toMatchObject({ strategy, rows_removed: 2, rows_added: 0 });
    expect((await rows()).map((row) => row.event_type)).toEqual(["click"]);
  });

  test("changes that cancel each other write nothing", async () => {
    await insertEvents(pool(), "brief", 5);
    await duckdb().run("delete from lake.events where event_type = 'brief'");
    expect(await advance()).toMatchObject({ strategy, rows_removed: 0, rows_added: 0 });
  });

  test("snapshots without a change of the source move the frontier and ask nobody", async () => {
    await duckdb().run(`create table lake.unrelated_${strategy} (a bigint)`);
    expect(await advance()).toMatchObject({ strategy: "Nothing" });
    expect(
      await value("select last_consumed_snapshot_id::int from pgtrickle.pgt_stream_tables where pgt_name = $1", [
        table,
      ]),
    ).toBe(await head());
  });

  test("it goes back to any snapshot between, and forth again", async () => {
    await insertEvents(pool(), "click", 2, 5);
    const middle = await head();
    const expected = async (at: number) =>
      duckdb().rows(
        `select event_type, count(*)::varchar as n, sum(value)::varchar as total from lake.events at (version => ${at}) group by event_type order by event_type`,
      );
    await insertEvents(pool(), "view", 2, 5);
    await duckdb().run("delete from lake.events where value = 5 and event_type = 'click'");
    await advance();
    const shown = async () => (await sql(`select event_type, n, total from ${table} order by event_type`)).rows;
    const latest = await shown();
    await sql(
      `do $$
       declare
         id bigint := pgtrickle_internal.resolve('${table}');
         generation bigint := pgtrickle_internal.generation(id);
       begin
         perform pgtrickle_internal.move_contents(id, ${middle}, 'Test', '${strategy}');
         perform pgtrickle_internal.publish(id, generation, ${middle});
       end $$`,
    );
    expect(await lastRefresh(table)).toMatchObject({ strategy });
    expect(await shown()).toEqual(await expected(middle));
    await advance();
    expect(await shown()).toEqual(latest);
  });

  test("after a rewrite of files, an alteration or a replacement of the source it is right too", async () => {
    await duckdb().run("call ducklake_merge_adjacent_files('lake')");
    await insertEvents(pool(), "merged", 1, 1);
    await duckdb().run("alter table lake.events add column note varchar");
    await duckdb().run("insert into lake.events values (uuid(), 'noted', 2, now(), 'n')");
    await advance();
    expect(await lastRefresh(table)).toMatchObject({ strategy: "Full" });
    expect((await rows()).map((row) => row.event_type)).toEqual(["click", "merged", "noted", "view"]);
    await duckdb().run("alter table lake.events drop column note");
    await advance();
  });
});

describe("a query without GROUP BY", () => {
  const row = async () => (await sql("select * from totals")).rows;

  beforeAll(async () => {
    await duckdb().run("delete from lake.events");
    await create("totals", "select count(*) as n, sum(value) as total, count(value) as c from lake.events");
  });

  test("has one row over nothing", async () => {
    expect(await row()).toEqual([{ n: "0", total: null, c: "0" }]);
  });

  test.each(["Delta", "Full"] as const)("keeps its row by %s when the source fills and empties", async (strategy) => {
    await preferStrategy(strategy);
    await insertEvents(pool(), "click", 4, 25);
    await sql("select pgtrickle.refresh('totals')");
    expect(await lastRefresh("totals")).toMatchObject({ strategy });
    expect(await row()).toEqual([{ n: "4", total: "100", c: "4" }]);
    await duckdb().run("delete from lake.events");
    await sql("select pgtrickle.refresh('totals')");
    expect(await row()).toEqual([{ n: "0", total: null, c: "0" }]);
  });
});

describe("a query that is not incremental, in mode FULL", () => {
  test("is kept as a multiset: of equal rows exactly as many go as went", async () => {
    await duckdb().run("delete from lake.events");
    await insertEvents(pool(), "click", 3, 1);
    await insertEvents(pool(), null, 2, null);
    await create(
      "plain",
      "select event_type, value as plan_value from lake.events where value is distinct from 99",
      "FULL",
    );
    const counts = async () =>
      (await sql("select event_type, plan_value, count(*)::int as copies from plain group by 1, 2 order by 1")).rows;
    expect(await counts()).toEqual([
      { event_type: "click", plan_value: "1", copies: 3 },
      { event_type: null, plan_value: null, copies: 2 },
    ]);
    await duckdb().run(
      "delete from lake.events where event_id in (select event_id from lake.events where event_type = 'click' limit 1)",
    );
    await duckdb().run(
      "delete from lake.events where event_id in (select event_id from lake.events where event_type is null limit 1)",
    );
    await insertEvents(pool(), "view", 2, 5);
    await sql("select pgtrickle.refresh('plain')");
    expect(await lastRefresh("plain")).toMatchObject({ strategy: "Full", rows_removed: 2, rows_added: 2 });
    expect(await counts()).toEqual([
      { event_type: "click", plan_value: "1", copies: 2 },
      { event_type: "view", plan_value: "5", copies: 2 },
      { event_type: null, plan_value: null, copies: 1 },
    ]);
  });

  test("is refused as DIFFERENTIAL, then and later", async () => {
    expect(await failure(create("never", "select max(event_type) as largest from lake.events"))).toMatchObject({
      code: "TR009",
    });
    expect(await failure(sql("select pgtrickle.alter_stream_table('plain', mode => 'DIFFERENTIAL')"))).toMatchObject({
      code: "TR009",
    });
    expect(await value("select to_regclass('never') is null")).toBe(true);
  });
});
