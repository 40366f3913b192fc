// A stream table equals its query, by whichever way it is brought there; and what the public functions promise.
import { beforeAll, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../test/stack/ducklake.ts";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";

const trickle = useTrickle();
let duckdb: DuckdbClient;

const pool = () => trickle().pool();
const sql = (text: string, values: unknown[] = []) => pool().query(text, values);

async function value<T>(text: string, values: unknown[] = []): Promise<T> {
  const { rows } = await sql(`select (${text}) as value`, values);
  return (rows[0] as { value: T }).value;
}

const head = () => value<string>("select max(snapshot_id) from ducklake.ducklake_snapshot").then(Number);

async function create(name: string, query: string, mode = "DIFFERENTIAL"): Promise<void> {
  await sql("select pgtrickle.create_stream_table('public', $1, $2, null, $3)", [name, query, mode]);
}

const lastRefresh = async (name: string) =>
  (
    await sql(
      `select action, strategy, rows_removed::int, rows_added::int, snapshots_read from pgtrickle_internal.refreshes
       where stream_table_id = pgtrickle_internal.resolve($1) order by id desc limit 1`,
      [name],
    )
  ).rows[0];

/** Makes one way so dear that the other one is taken. */
async function preferWay(way: "Delta" | "Recompute"): Promise<void> {
  await sql("delete from pgtrickle_internal.settings");
  const dear = way === "Delta" ? "recompute_base_ms" : "delta_base_ms";
  await sql("insert into pgtrickle_internal.settings (name, value) values ($1, 1000000)", [dear]);
}

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
});

describe.each(["Delta", "Recompute"] as const)("refreshed by %s", (way) => {
  const table = `summary_${way.toLowerCase()}`;
  const rows = async () => (await sql(`select * from ${table} order by event_type nulls last`)).rows;

  beforeAll(async () => {
    await duckdb.run("delete from lake.events");
    await create(
      table,
      "select event_type, count(*) as n, count(value) as c, sum(value) as total, avg(value) as mean from lake.events group by event_type",
    );
    expect(await rows()).toEqual([]);
    await preferWay(way);
  });

  const advance = async () => {
    await sql("select pgtrickle.refresh($1, 'DIFFERENTIAL')", [table]);
    return lastRefresh(table);
  };

  test("new groups appear, a NULL key and a group of NULL values among them", async () => {
    await insertEvents(pool(), "click", 3, 10);
    await insertEvents(pool(), null, 2, 7);
    await insertEvents(pool(), "empty", 2, null);
    expect(await advance()).toMatchObject({ strategy: way, rows_removed: 0, rows_added: 3 });
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
    await duckdb.run("update lake.events set value = 100 where event_type = 'click' and value = 1");
    expect(await advance()).toMatchObject({ strategy: way, rows_removed: 1, rows_added: 1 });
    expect((await rows())[0]).toMatchObject({ n: "4", c: "4", total: "130" });
  });

  test("a sum that loses its last value is NULL, not 0", async () => {
    await duckdb.run("update lake.events set value = null where event_type is null");
    await advance();
    expect((await rows())[2]).toMatchObject({ n: "2", c: "0", total: null, mean: null });
  });

  test("a group without rows vanishes", async () => {
    await duckdb.run("delete from lake.events where event_type is null or event_type = 'empty'");
    expect(await advance()).toMatchObject({ strategy: way, rows_removed: 2, rows_added: 0 });
    expect((await rows()).map((row) => row.event_type)).toEqual(["click"]);
  });

  test("changes that cancel each other write nothing", async () => {
    await insertEvents(pool(), "brief", 5);
    await duckdb.run("delete from lake.events where event_type = 'brief'");
    expect(await advance()).toMatchObject({ strategy: way, rows_removed: 0, rows_added: 0 });
  });

  test("snapshots without a change of the source move the frontier and ask nobody", async () => {
    await duckdb.run(`create table lake.unrelated_${way} (a bigint)`);
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
      duckdb.rows(
        `select event_type, count(*)::varchar as n, sum(value)::varchar as total from lake.events at (version => ${at}) group by event_type order by event_type`,
      );
    await insertEvents(pool(), "view", 2, 5);
    await duckdb.run("delete from lake.events where value = 5 and event_type = 'click'");
    await advance();
    const shown = async () => (await sql(`select event_type, n, total from ${table} order by event_type`)).rows;
    const latest = await shown();
    await sql(
      `do $$
       declare
         id bigint := pgtrickle_internal.resolve('${table}');
         generation bigint := pgtrickle_internal.generation(id);
       begin
         perform pgtrickle_internal.move_contents(id, ${middle}, 'Test', '${way}');
         perform pgtrickle_internal.publish(id, generation, ${middle});
       end $$`,
    );
    expect(await lastRefresh(table)).toMatchObject({ strategy: way });
    expect(await shown()).toEqual(await expected(middle));
    await advance();
    expect(await shown()).toEqual(latest);
  });

  test("after a rewrite of files, an alteration or a replacement of the source it is right too", async () => {
    await duckdb.run("call ducklake_merge_adjacent_files('lake')");
    await insertEvents(pool(), "merged", 1, 1);
    await duckdb.run("alter table lake.events add column note varchar");
    await duckdb.run("insert into lake.events values (uuid(), 'noted', 2, now(), 'n')");
    await advance();
    expect(await lastRefresh(table)).toMatchObject({ strategy: "Recompute" });
    expect((await rows()).map((row) => row.event_type)).toEqual(["click", "merged", "noted", "view"]);
    await duckdb.run("alter table lake.events drop column note");
    await advance();
  });
});

describe("a query without GROUP BY", () => {
  const row = async () => (await sql("select * from totals")).rows;

  beforeAll(async () => {
    await duckdb.run("delete from lake.events");
    await create("totals", "select count(*) as n, sum(value) as total, count(value) as c from lake.events");
  });

  test("has one row over nothing", async () => {
    expect(await row()).toEqual([{ n: "0", total: null, c: "0" }]);
  });

  test.each(["Delta", "Recompute"] as const)("keeps its row by %s when the source fills and empties", async (way) => {
    await preferWay(way);
    await insertEvents(pool(), "click", 4, 25);
    await sql("select pgtrickle.refresh('totals')");
    expect(await lastRefresh("totals")).toMatchObject({ strategy: way });
    expect(await row()).toEqual([{ n: "4", total: "100", c: "4" }]);
    await duckdb.run("delete from lake.events");
    await sql("select pgtrickle.refresh('totals')");
    expect(await row()).toEqual([{ n: "0", total: null, c: "0" }]);
  });
});

describe("a query that is not incremental, in mode FULL", () => {
  test("is kept as a multiset: of equal rows exactly as many go as went", async () => {
    await duckdb.run("delete from lake.events");
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
    await duckdb.run(
      "delete from lake.events where event_id in (select event_id from lake.events where event_type = 'click' limit 1)",
    );
    await duckdb.run(
      "delete from lake.events where event_id in (select event_id from lake.events where event_type is null limit 1)",
    );
    await insertEvents(pool(), "view", 2, 5);
    await sql("select pgtrickle.refresh('plain')");
    expect(await lastRefresh("plain")).toMatchObject({ strategy: "Recompute", rows_removed: 2, rows_added: 2 });
    expect(await counts()).toEqual([
      { event_type: "click", plan_value: "1", copies: 2 },
      { event_type: "view", plan_value: "5", copies: 2 },
      { event_type: null, plan_value: null, copies: 1 },
    ]);
  });

  test("is refused as DIFFERENTIAL, then and later", async () => {
    expect(await failure(create("never", "select event_type from lake.events"))).toMatchObject({ code: "TR009" });
    expect(await failure(sql("select pgtrickle.alter_stream_table('plain', mode => 'DIFFERENTIAL')"))).toMatchObject({
      code: "TR009",
    });
    expect(await value("select to_regclass('never') is null")).toBe(true);
  });
});

describe("the gate", () => {
  beforeAll(async () => {
    await sql("delete from pgtrickle_internal.settings");
    await duckdb.run("delete from lake.events");
    await create("gated", "select event_type, count(*) as n from lake.events group by event_type");
  });

  test("a refresh that a pause overtook does not publish", async () => {
    await insertEvents(pool(), "click", 1);
    const client = await pool().connect();
    try {
      await client.query("begin");
      const { rows } = await client.query(
        "select i as id, pgtrickle_internal.generation(i)::text as generation from pgtrickle_internal.resolve('gated') i",
      );
      const { id, generation } = rows[0];
      await client.query("select pgtrickle_internal.move_contents($1, $2, 'Test')", [id, await head()]);
      await sql("select pgtrickle.pause_scheduler(array['gated'])");
      const error = await failure(
        client.query("select pgtrickle_internal.publish($1, $2, $3)", [id, generation, await head()]),
      );
      expect(error.code).toBe("TR012");
    } finally {
      await client.query("rollback");
      client.release();
    }
    expect((await sql("select * from gated")).rows).toEqual([]);
    expect(await value("select status from pgtrickle.pgt_stream_tables where pgt_name = 'gated'")).toBe("PAUSED");
  });

  test("while it is paused nothing advances it, and FULL rebuilds it where it is", async () => {
    const statements = ["refresh('gated', 'DIFFERENTIAL')", "reinitialize('gated')"];
    for (const statement of statements) {
      const error = await failure(sql(`select pgtrickle.${statement}`));
      expect(error).toMatchObject({ code: "TR008", message: expect.stringContaining("person") });
    }
    expect(await value("select pgtrickle.scheduled_refresh(pgtrickle_internal.resolve('gated'))")).toBeNull();
    const before = await value("select frontier from pgtrickle.pgt_stream_tables where pgt_name = 'gated'");
    await sql("select pgtrickle.refresh('gated', 'FULL')");
    expect(await value("select frontier from pgtrickle.pgt_stream_tables where pgt_name = 'gated'")).toEqual(before);
  });

  test("pausing and resuming are idempotent; a resume by hand leaves other holders theirs and names them", async () => {
    await sql("select pgtrickle_internal.add_hold(pgtrickle_internal.resolve('gated'), 'rewind:ops/incident')");
    await sql("select pgtrickle.pause_scheduler(array['gated', 'public.gated'])");
    const client = await pool().connect();
    const notices: string[] = [];
    client.on("notice", (notice) => notices.push(notice.message ?? ""));
    const { rows } = await client.query("select pgtrickle.resume_scheduler(array['gated']) as answer");
    client.release(true);
    expect(rows[0].answer).toContain("PAUSED");
    expect(notices.join()).toContain("rewind:ops/incident");
    await sql("select pgtrickle_internal.drop_hold(pgtrickle_internal.resolve('gated'), 'rewind:ops/incident')");
    await sql("select pgtrickle.resume_scheduler(array['gated'])");
    await sql("select pgtrickle.refresh('gated')");
    expect((await sql("select * from gated")).rows).toEqual([{ event_type: "click", n: "1" }]);
  });

  test("a commit that waits on the gate cannot keep a pause waiting", async () => {
    await insertEvents(pool(), "click", 1);
    const client = await pool().connect();
    const held = client
      .query("begin; select pgtrickle.refresh('gated'); select pg_sleep(60); commit")
      .catch((error: { code?: string }) => error.code);
    await expect
      .poll(() => value("select count(*)::int from pg_stat_activity where wait_event = 'PgSleep'"), { timeout: 5_000 })
      .toBe(1);
    const startedAt = performance.now();
    await sql("select pgtrickle.pause_scheduler(array['gated'])");
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(await held).toBe("57014");
    await client.query("rollback");
    client.release();
    expect(await value("select n::int from gated")).toBe(1);
    await sql("select pgtrickle.resume_scheduler(array['gated'])");
  });
});

describe("damage", () => {
  test("FULL mends public rows and hidden state that somebody changed by force", async () => {
    await duckdb.run("delete from lake.events");
    await insertEvents(pool(), "click", 2, 5);
    await create(
      "damaged",
      "select event_type, count(*) as n, sum(value) as total from lake.events group by event_type",
    );
    const state = await value<string>(
      "select layout ->> 'base' from pgtrickle_internal.stream_tables where table_name = 'damaged'",
    );
    await sql(
      "drop index damaged_event_type_idx; set session_replication_role = replica; update damaged set n = 77; insert into damaged values ('ghost', 1, 1), ('click', 2, 10), ('click', 2, 10); reset session_replication_role",
    );
    await sql("select pgtrickle.refresh('damaged', 'FULL')");
    expect((await sql("select * from damaged")).rows).toEqual([{ event_type: "click", n: "2", total: "10" }]);
    await sql(`delete from ${state}`);
    await sql("select pgtrickle.refresh('damaged', 'FULL')");
    expect((await sql("select * from damaged")).rows).toEqual([{ event_type: "click", n: "2", total: "10" }]);
  });
});

describe("creating, altering and dropping", () => {
  test("with a qualified name, with defaults, and with any name that PostgreSQL allows", async () => {
    await sql(`create schema "odd ""schema"`);
    await sql(
      "select pgtrickle.create_stream_table('public.by_default', 'select event_type, count(*) as n from lake.events group by 1')",
    );
    await sql(
      `select pgtrickle.create_stream_table($1, $2, 'select event_type as "a ""b", count(*) as "n; --" from lake.events group by 1;', '1m', 'full')`,
      ['odd "schema', "table'name"],
    );
    const { rows } = await sql(`select "a ""b", "n; --" from "odd ""schema"."table'name"`);
    expect(rows).toHaveLength(1);
    await insertEvents(pool(), "view", 1);
    await sql(`select pgtrickle.refresh('"odd ""schema"."table''name"')`);
    expect((await sql(`select * from "odd ""schema"."table'name"`)).rows).toHaveLength(2);
    await sql("select pgtrickle.alter_stream_table('by_default', '10s', 'FULL')");
    expect(
      (await sql("select schedule::text, refresh_mode from pgtrickle.pgt_stream_tables where pgt_name = 'by_default'"))
        .rows,
    ).toEqual([{ schedule: "00:00:10", refresh_mode: "FULL" }]);
  });

  test("a dropped one leaves nothing behind", async () => {
    const companions = () =>
      value<number>(
        "select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('pgtrickle_state', 'pgtrickle_lake', 'pgtrickle_changes') and c.relkind in ('r', 'f', 'v', 'c')",
      );
    const before = await companions();
    await sql(
      "select pgtrickle.create_stream_table('brief', 'select event_type, count(*) as n from lake.events group by 1')",
    );
    expect(await companions()).toBeGreaterThan(before);
    await sql("create view on_brief as select * from brief");
    expect(await failure(sql("select pgtrickle.drop_stream_table('brief')"))).toMatchObject({ code: "2BP01" });
    await sql("drop view on_brief");
    await sql("select pgtrickle.drop_stream_table('brief')");
    expect(await companions()).toBe(before);
    expect(await value("select to_regclass('brief') is null")).toBe(true);
  });

  test.each([
    ["(event_type text, value integer)", /value.* is integer here and int64 in the lake/],
    ["(event_type character(5), value bigint)", /event_type.* is character\(5\) here and varchar in the lake/],
    ["(event_type text, value bigint options (column_name 'created_at'))", /value.* and column created_at in the lake/],
    ["(event_type text, value bigint, amount numeric)", null],
    ["(event_type text, value numeric)", null],
  ])("a foreign table with %s: a column that the query uses must be the lake's", async (columns, refusal) => {
    await sql(`create foreign table lake.odd ${columns} server lake options (schema_name 'main', table_name 'events')`);
    try {
      const query = "select event_type, sum(value) as total from lake.odd group by 1";
      const created = sql("select pgtrickle.create_stream_table('odd', $1)", [query]);
      if (refusal)
        expect(await failure(created)).toMatchObject({ code: "TR016", message: expect.stringMatching(refusal) });
      else await created.then(() => sql("select pgtrickle.drop_stream_table('odd')"));
    } finally {
      await sql("drop foreign table lake.odd");
    }
  });

  test("the dropped foreign table of a source is said by name", async () => {
    await sql(
      "create foreign table lake.doomed (event_type text, value bigint) server lake options (schema_name 'main', table_name 'events')",
    );
    await sql(
      "select pgtrickle.create_stream_table('orphan', 'select event_type, count(*) as n from lake.doomed group by 1')",
    );
    await sql("drop foreign table lake.doomed cascade");
    expect(await failure(sql("select pgtrickle.refresh('orphan', 'FULL')"))).toMatchObject({
      code: "TR016",
      message: expect.stringContaining("lake.doomed"),
    });
    await sql("select pgtrickle.drop_stream_table('orphan')");
  });
});

describe("a restored database", () => {
  test("stands still until it is adopted, and then until it is resumed", async () => {
    await sql(
      "select pgtrickle.create_stream_table('restored', 'select event_type, count(*) as n from lake.events group by 1', '1h')",
    );
    await sql("update pgtrickle_internal.installation set database_oid = 1");
    const status = () => value("select status from pgtrickle.pgt_stream_tables where pgt_name = 'restored'");
    expect(await status()).toBe("PAUSED");
    expect((await sql("select * from pgtrickle.due_refreshes()")).rows).toEqual([]);
    for (const statement of [
      "refresh('restored')",
      "resume_scheduler(array['restored'])",
      "reinitialize('restored')",
    ]) {
      expect(await failure(sql(`select pgtrickle.${statement}`)), statement).toMatchObject({ code: "TR017" });
    }
    await sql("select pgtrickle.adopt()");
    expect(await status()).toBe("PAUSED");
    await sql("select pgtrickle.resume_scheduler(array['restored'])");
    await sql("select pgtrickle.refresh('restored')");
  });
});
