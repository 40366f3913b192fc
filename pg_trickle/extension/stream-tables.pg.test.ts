// What the public functions promise: the gate, damage, creating and dropping, a restore.
import { beforeAll, describe, expect, test } from "vitest";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { pool, sql, duckdb, value, head, create } = useStreamTables(trickle);

describe("the gate", () => {
  beforeAll(async () => {
    await sql("delete from pgtrickle_internal.settings");
    await duckdb().run("delete from lake.events");
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
      .poll(() => value("select count(*)::int from pg_stat_activity where wait_event = 'PgSleep'"), { timeout: 50_000 })
      .toBe(1);
    await sql("select pgtrickle.pause_scheduler(array['gated'])");
    // It would have ended without an error.
    expect(await held).toBe("57014");
    await client.query("rollback");
    client.release();
    expect(await value("select n::int from gated")).toBe(1);
    await sql("select pgtrickle.resume_scheduler(array['gated'])");
  });
});

describe("damage", () => {
  test("FULL mends public rows and hidden state that somebody changed by force", async () => {
    await duckdb().run("delete from lake.events");
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

  test("one that nothing will refresh says so, and the statements of its hint work", async () => {
    const client = await pool().connect();
    const hints: string[] = [];
    client.on("notice", ({ message = "", hint = "" }) => {
      if (message.includes("nothing refreshes it")) hints.push(hint);
    });
    const query = "select count(*) as n from lake.events";
    await client.query("select pgtrickle.create_stream_table('public.\"by hand\"', $1)", [query]);
    await client.query("select pgtrickle.create_stream_table('on_schedule', $1, '1m')", [query]);
    expect(hints).toHaveLength(1);
    const [first, second] = [...(hints[0] ?? "").matchAll(/select pgtrickle\.[^;]+;/g)].map(([text]) => text);
    for (const statement of [first, second]) await client.query(statement ?? "");
    client.release(true);
    const found = await value("select schedule::text from pgtrickle.pgt_stream_tables where pgt_name = 'by hand'");
    expect(found).toBe("00:00:05");
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
