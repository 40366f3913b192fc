/** Bad input: the error names the thing, the value and the way out, and nothing is lost. */
import { beforeAll, describe, expect, test } from "vitest";
import { createSummary, failure, frontier, insertEvents, summary } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";

const trickle = useTrickle();

beforeAll(async () => {
  const pool = trickle().pool();
  await pool.query("create schema other");
  await insertEvents(pool, "click", 10);
  await createSummary(pool);
  await createSummary(pool, { schema: "other" });
  await insertEvents(pool, "view", 5);
  await pool.query("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
});

const sql = (text: string, values: unknown[] = []) => trickle().pool().query(text, values);

describe("names", () => {
  test("the bare name of two tables is refused naming both", async () => {
    const error = await failure(sql("select pgtrickle.pause_scheduler(array['event_summary'])"));
    expect(error.code).toBe("TR002");
    expect(error.message + error.hint).toMatch(/public\.event_summary/);
    expect(error.message + error.hint).toMatch(/other\.event_summary/);
  });

  test.each([
    "select pgtrickle.pause_scheduler(array['even_summary'])",
    "select pgtrickle.refresh('even_summary', 'FULL')",
  ])("an unknown table is refused, listing what there is: %s", async (statement) => {
    const error = await failure(sql(statement));
    expect(error.code).toBe("TR001");
    expect(error.message).toContain("even_summary");
    expect(`${error.message}${error.hint}${error.detail}`).toContain("public.event_summary");
  });
});

describe("what cannot be a stream table", () => {
  const create = (name: string, query: string) =>
    sql("select pgtrickle.create_stream_table('public', $1, $2, null, 'FULL')", [name, query]);

  test("a name of more than 63 bytes is refused, not cut", async () => {
    const { code } = await failure(create("é".repeat(32), "select event_type from lake.events"));
    expect(code).toBe("TR021");
  });
});

test("a group key that is too long for an index is said by table and way out, and the table is as it was", async () => {
  const before = await summary(trickle().pool());
  const duckdb = await trickle().duckdb({ readOnly: false });
  const key = "(select string_agg(sha256(i::varchar), '') from range(200) r(i))";
  await duckdb.run(`insert into lake.main.events select uuid(), ${key}, 1, now()`);
  const error = await failure(sql("select pgtrickle.refresh('public.event_summary')"));
  expect(error.code).toBe("54000");
  expect(error.message).toContain("public.event_summary");
  expect(error.hint).toContain("Group by a shorter expression");
  expect(await summary(trickle().pool())).toEqual(before);
  await duckdb.run("delete from lake.main.events where length(event_type) > 1000");
  duckdb.close();
});

describe("a frontier edited by hand", () => {
  const edit = (value: string) =>
    sql(
      "update pgtrickle.pgt_stream_tables set frontier = $1::jsonb where pgt_schema = 'public' and pgt_name = 'event_summary'",
      [value],
    );

  test("is refused while the table runs", async () => {
    const error = await failure(edit('{"sources": {"ducklake:lake.events": {"snapshot_id": 1}}}'));
    expect(error.code).toBe("TR007");
    expect(error.hint).toContain("pause_scheduler");
  });

  test.each([
    ["{}", "TR003"],
    ["[]", "TR003"],
    ['{"sources": {"ducklake:lake.orders": {"snapshot_id": 1}}}', "TR003"],
    ['{"sources": {"ducklake:lake.events": {"snapshot_id": "one"}}}', "TR003"],
    ['{"sources": {"ducklake:lake.events": {"snapshot_id": 1.5}}}', "TR003"],
    ['{"sources": {"ducklake:lake.events": {"snapshot_id": 999999}}}', "TR004"],
    ['{"sources": {"ducklake:lake.events": {"snapshot_id": -1}}}', /^TR00[35]$/],
  ])("%s is refused with %s and the way out", async (value, code) => {
    await sql("select pgtrickle.pause_scheduler(array['public.event_summary'])");
    const before = await sql("select frontier from pgtrickle.pgt_stream_tables where pgt_schema = 'public'");
    const error = await failure(edit(value));
    expect(error.code).toMatch(code);
    expect(error.hint ?? error.detail).toBeTruthy();
    const after = await sql("select frontier from pgtrickle.pgt_stream_tables where pgt_schema = 'public'");
    expect(after.rows).toEqual(before.rows);
    await sql("select pgtrickle.resume_scheduler(array['public.event_summary'])");
  });

  test("resumed without FULL gives f(head), never a double count", async () => {
    const want = await summary(trickle().pool());
    const head = await frontier(trickle().pool());
    await sql("select pgtrickle.pause_scheduler(array['public.event_summary'])");
    await edit(`{"sources": {"ducklake:lake.events": {"snapshot_id": ${head - 1}}}}`);
    await sql("select pgtrickle.resume_scheduler(array['public.event_summary'])");
    await sql("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
    expect(await summary(trickle().pool())).toEqual(want);
  });
});

describe("queries that cannot be kept", () => {
  test.each([
    ["select event_type, now() as t, count(*) as n from lake.events group by event_type", /now/],
    ["select event_type, count(*) as n from lake.events where random() < 0.5 group by event_type", /random/],
    ["select current_user as who, count(*) as n from lake.events", /current_user/],
    [
      "select event_type, count(*) as n from lake.events where created_at > current_date group by event_type",
      /current_date|now|date/i,
    ],
  ])("%s is refused by name", async (query, name) => {
    const error = await failure(
      sql("select pgtrickle.create_stream_table('public', 'refused', $1, '5s', 'FULL')", [query]),
    );
    expect(error.code).toBe("TR009");
    expect(error.message).toMatch(name);
    expect(error.hint).toBeTruthy();
  });

  test.each([
    "select event_type, min(value) as m from lake.events group by rollup (event_type)",
    "select count(distinct value) as m from lake.events",
    "select event_id, rank() over (order by value) as r from lake.events",
    "select event_id, value from lake.events order by value, event_id limit 3",
  ])("%s is refused in DIFFERENTIAL with reason and hint, and allowed in FULL", async (query) => {
    const error = await failure(
      sql("select pgtrickle.create_stream_table('public', 'kept', $1, '5s', 'DIFFERENTIAL')", [query]),
    );
    expect(error.code).toBe("TR009");
    expect(error.detail).toMatch(/LI\d{3}/);
    expect(error.hint).toMatch(/FULL/);
    await sql("select pgtrickle.create_stream_table('public', 'kept', $1, '1h', 'FULL')", [query]);
    expect((await sql("select ok from pgtrickle.verify('kept')")).rows).toEqual([{ ok: true }]);
    expect((await sql("select ok from pgtrickle.verify('kept', 'rows')")).rows).toEqual([{ ok: true }]);
    await sql("select pgtrickle.drop_stream_table('kept')");
  });

  test("a source that is not a lake table is refused by name", async () => {
    await sql("create table plain (a int)");
    const error = await failure(
      sql(
        "select pgtrickle.create_stream_table('public', 'refused', 'select a, count(*) as n from plain group by a', '5s', 'FULL')",
      ),
    );
    expect(error.code).toBe("TR016");
    expect(error.message).toContain("plain");
  });

  test("date_trunc on a timestamptz is right whatever the reader's time zone is", async () => {
    await sql(
      "select pgtrickle.create_stream_table('public', 'per_day', 'select date_trunc(''day'', created_at) as day, count(*) as n from lake.events group by 1', '1h', 'DIFFERENTIAL')",
    );
    const client = await trickle().pool().connect();
    try {
      await client.query("set timezone = 'Pacific/Auckland'");
      await insertEvents(client, "click", 3);
      await client.query("select pgtrickle.refresh('per_day', 'DIFFERENTIAL')");
      const { rows } = await client.query("select ok from pgtrickle.verify('per_day')");
      expect(rows).toEqual([{ ok: true }]);
      expect((await client.query("select ok from pgtrickle.verify('per_day', 'rows')")).rows).toEqual([{ ok: true }]);
    } finally {
      client.release(true);
    }
  });
});

describe("direct changes of a stream table", () => {
  test.each([
    "insert into public.event_summary values ('x', 1, 1)",
    "update public.event_summary set event_count = 0",
    "delete from public.event_summary",
    "truncate public.event_summary",
    "drop table public.event_summary",
  ])("%s is refused with a hint", async (statement) => {
    const error = await failure(sql(statement));
    expect(error.code).toBe("TR013");
    expect(error.hint).toMatch(/pgtrickle\./);
  });
});

describe("snapshots out of reach", () => {
  test("a future one names the usable range", async () => {
    await sql("select pgtrickle.pause_scheduler(array['public.event_summary'])");
    const error = await failure(sql("select * from pgtrickle.rewind(array['public.event_summary'], 424242)"));
    expect(error.code).toBe("TR004");
    expect(error.message).toContain("424242");
    await sql("select pgtrickle.resume_scheduler(array['public.event_summary'])");
  });

  test("an expired one names the usable range; a rewind by journal still reaches it", async () => {
    const pool = trickle().pool();
    await sql("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
    const before = await summary(pool);
    await insertEvents(pool, "purchase", 4, 500);
    await sql("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
    await insertEvents(pool, "purchase", 4, 500);
    await sql("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
    const maintainer = await trickle().duckdb({ readOnly: false });
    const { rows } = await sql(
      "select (frontier -> 'sources' -> 'ducklake:lake.events' ->> 'snapshot_id')::int as now from pgtrickle.pgt_stream_tables where pgt_schema = 'public' and pgt_name = 'event_summary'",
    );
    const good = rows[0].now - 2;
    await maintainer.run(`call ducklake_expire_snapshots('lake', versions => [${good}])`);
    const error = await failure(sql("select * from pgtrickle.at(null::public.event_summary, $1)", [good]));
    expect(error.code).toBe("TR005");
    expect(error.message).toContain(String(good));
    await sql("select pgtrickle.pause_scheduler(array['public.event_summary'])");
    await sql("select * from pgtrickle.rewind(array['public.event_summary'], $1, 'Journal')", [good]);
    expect(await summary(pool)).toEqual(before);
    await sql("select pgtrickle.resume_scheduler(array['public.event_summary'])");
    await sql("select pgtrickle.refresh('public.event_summary', 'DIFFERENTIAL')");
  });

  test("a dropped source is said by name", async () => {
    await sql("drop foreign table lake.events cascade");
    const error = await failure(sql("select pgtrickle.refresh('public.event_summary', 'FULL')"));
    expect(error.code).toBe("TR016");
    expect(error.message).toContain("lake.events");
  });
});
