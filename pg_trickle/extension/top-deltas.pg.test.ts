// Queries without exact group states that are kept by changes all the same: rows by rows, parts by their key, and expressions over groups.
import { beforeAll, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { sql, duckdb, value, head, create, lastRefresh, preferStrategy } = useStreamTables(trickle);

const QUERIES: Readonly<Record<string, readonly [query: string, kind: string]>> = {
  filtered: ["select id, label, amount from lake.sales where amount > 1", "rows"],
  matched: ["select lower(label) as l, doc, score from lake.sales where label ~ 'a'", "rows"],

  extremes: [
    "select kind, min(amount) as low, max(label) as high, count(distinct day) as days from lake.sales group by kind",
    "keyed",
  ],
  listed: ["select kind, string_agg(label, ',' order by label, id) as labels from lake.sales group by kind", "keyed"],
  ranked: [
    "select id, kind, rank() over (partition by kind, day order by amount desc) as place from lake.sales",
    "keyed",
  ],
  distinct_kinds: ["select distinct kind, score from lake.sales", "keyed"],
  topped: [
    "select * from (select id, kind, amount, row_number() over (partition by kind order by amount desc, id) as place from lake.sales) q where place <= 2",
    "keyed",
  ],
  ratio: ["select round(sum(amount) / count(*), 3) as mean from lake.sales group by kind having count(*) > 1", "state"],
  counted: [
    "select coalesce(kind, 'none') || '!' as kind, count(*) filter (where amount > 1) as n, sum(amount) filter (where label is null) as s from lake.sales group by kind",
    "state",
  ],
  overall: ["select count(*) - count(label) as unnamed, round(avg(amount), 1) as mean from lake.sales", "state"],
};

const NAMES = Object.keys(QUERIES);

async function expectRight(): Promise<void> {
  for (const name of NAMES) {
    const report = await sql("select ok, missing, unexpected from pgtrickle.verify($1, 'rows')", [name]);
    expect(report.rows[0], name).toEqual({ ok: true, missing: [], unexpected: [] });
    const engine = await sql("select ok, missing, unexpected from pgtrickle.verify($1)", [name]);
    expect(engine.rows[0], name).toEqual({ ok: true, missing: [], unexpected: [] });
  }
}

async function refreshed(): Promise<void> {
  for (const name of NAMES) {
    await sql("select pgtrickle.refresh($1)", [name]);
    expect(await lastRefresh(name), name).toMatchObject({ strategy: expect.stringMatching(/^(Delta|Nothing)$/) });
  }
  await expectRight();
}

beforeAll(async () => {
  await duckdb().run(
    "create table lake.sales (id bigint, kind varchar, label varchar, amount decimal(12,2), score double, day date, doc json, tags varchar[])",
  );
  await duckdb().run(`insert into lake.sales values
    (1, 'A', 'apple', 10.50, 0.5, '2026-01-01', '{"n": 1}', ['x', 'y']),
    (2, 'a', 'straße', -3.25, 1.5, '2026-01-02', '{"n": 2}', []),
    (3, 'B', null, null, null, null, null, null),
    (4, 'B', 'banana', 0.01, -0.0, '0044-03-15 (BC)', '{"n": 3}', ['z', null]),
    (5, null, 'ananas', 7, 0.0, '2026-01-01', '{"n":  3}', ['z'])`);
  await sql(
    "create foreign table lake.sales (id bigint, kind text, label text, amount numeric(12,2), score double precision, day date, doc json, tags text[]) server lake options (schema_name 'main', table_name 'sales')",
  );
  for (const [name, [query, kind]] of Object.entries(QUERIES)) {
    await create(name, query);
    expect(
      await value(
        `select description #>> '{shape,kind,name}' from pgtrickle_internal.stream_tables where table_name = '${name}'`,
      ),
      name,
    ).toBe(kind);
  }
  await preferStrategy("Delta");
});

test("each is its query at each step", async () => {
  await expectRight();
  const before = await head();
  const steps = [
    "update lake.sales set amount = amount + 1, label = 'avocado' where id = 1",
    "delete from lake.sales where id = 2",
    "insert into lake.sales select id + 10, kind, label, amount, score, day, doc, tags from lake.sales",
    "insert into lake.sales select id, kind, label, amount, score, day, doc, tags from lake.sales where kind = 'B'",
    "update lake.sales set kind = 'C' where kind is null",
    "delete from lake.sales where kind = 'B' and amount is null",
  ];
  for (const step of steps) {
    await duckdb().run(step);
    await refreshed();
  }
  for (const strategy of ["journal", "full", "auto"]) {
    await sql("select pgtrickle.pause_scheduler($1)", [NAMES]);
    await sql("select pgtrickle.rewind($1, $2, $3)", [NAMES, before, strategy]);
    await expectRight();
    await sql("select pgtrickle.resume_scheduler($1)", [NAMES]);
    await refreshed();
  }
  for (const name of NAMES) await sql("select pgtrickle.refresh($1, 'FULL')", [name]);
  await expectRight();
  expect(await value("select count(*)::int from ratio")).toBeGreaterThan(0);
});

test("explain says how", async () => {
  const kept = (name: string) => value(`select value from pgtrickle.explain('${name}') where item = 'kept'`);
  expect(await kept("filtered")).toBe("row by row");
  expect(await kept("ranked")).toBe("part by part, by lake.sales (day, kind)");
  expect(await kept("ratio")).toBe("by its groups, in the lake engine");
});

test("few parts of many rows are recomputed where the engine may, many parts are not", async () => {
  await sql("delete from pgtrickle_internal.settings");
  await duckdb().run(
    "create table lake.many as select i as id, i % 5 as kind, i // 4 as owner from range(100000) t (i)",
  );
  await sql(
    "create foreign table lake.many (id bigint, kind bigint, owner bigint) server lake options (schema_name 'main', table_name 'many')",
  );
  await create("few_parts", "select kind, min(id) as low from lake.many group by kind");
  await create("many_parts", "select owner, min(id) as low from lake.many group by owner");
  await duckdb().run("insert into lake.many values (-1, 3, 17)");
  for (const [name, strategy] of Object.entries({ few_parts: "Full", many_parts: "Delta" })) {
    await sql("select pgtrickle.refresh($1)", [name]);
    expect(await lastRefresh(name), name).toMatchObject({ strategy, rows_removed: 1, rows_added: 1 });
    expect(await value(`select ok from pgtrickle.verify('${name}', 'rows')`)).toBe(true);
  }
});
