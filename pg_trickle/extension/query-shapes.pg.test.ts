/**
 * Queries as teams write them: each is kept as the table says, or refused by its code, and is PostgreSQL's own answer after inserts,
 * updates and deletions, rewound by both strategies, and forward again. All of them with QUERY_SHAPES=all (`make test-queries`), else
 * a part that another seed changes.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { failure } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { LAKE_TABLES, SHAPES } from "./query-shapes.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

const trickle = useTrickle();
const { sql, duckdb, value, head, preferStrategy } = useStreamTables(trickle);

const EVERY = process.env["QUERY_SHAPES"] === "all" ? 1 : 8;
const seed = Number(process.env["SEED"] ?? 0);
const chosen = SHAPES.map(([query, kept], index) => ({ query, kept, name: `shape_${index}` })).filter(
  (_, index) => index % EVERY === seed % EVERY,
);
const isRefused = (kept: string) => /^(LQ|VOLATILE|USER_OBJECT|TR016)/.test(kept);
const kept = chosen.filter((shape) => !isRefused(shape.kept));
const names = kept.map(({ name }) => name);

async function makeTables(): Promise<void> {
  for (const [table, columns] of Object.entries(LAKE_TABLES)) {
    await duckdb().run(`drop table if exists lake.${table}`);
    await duckdb().run(`create table lake.${table} (${columns.map(([name, type]) => `${name} ${type}`).join(", ")})`);
    await sql(`drop foreign table if exists lake.${table}`);
    const local = columns.map(([name, , type]) => `${name} ${type}`).join(", ");
    await sql(
      `create foreign table lake.${table} (${local}) server lake options (schema_name 'main', table_name '${table}')`,
    );
  }
}

const FIRST = [
  `insert into lake.events values
    (1, 1, 'click', 10.50, 1, 0.5, false, '2026-01-01', '2026-01-01 00:30:00+00', '2026-01-01 10:00:00', '{"page": "home", "n": 1, "deep": {"a": "x"}}', ['a', 'b'], '00000000-0000-0000-0000-000000000001'),
    (2, 1, 'view', -3.25, 0, -0.0, true, '2026-01-02', '2026-03-29 01:30:00+00', '2026-03-29 02:30:00', '{"page": null}', [], '00000000-0000-0000-0000-000000000002'),
    (3, 2, 'purchase', 99999999.99, 7, 1e300, null, '2026-01-31', '2026-10-25 00:30:00+00', '1969-12-31 23:59:59.999999', null, null, null),
    (4, null, null, null, null, null, null, null, null, null, null, null, null),
    (5, 2, 'click', 0.01, 3, 2.5, true, '0044-03-15 (BC)', '1937-01-01 00:00:00+00', '0044-03-15 (BC) 01:02:03', '{"n":  2}', ['z', null], null),
    (6, 3, 'Straße', 10.50, 1, 0.1, false, '2026-01-01', '2026-06-01 12:00:00+00', '2026-06-01 12:00:00', '{"page": "home"}', ['é'], null)`,
  "insert into lake.users values (1, 'Ann', 'DE', '2024-02-29', 10.00), (2, 'Bob', null, '2025-01-01', -1.50), (3, 'Ann', 'FR', null, null)",
  "insert into lake.products values (1, 'red hat', 9.99, 'hats'), (2, 'blue  hat', 0.00, 'hats'), (3, null, null, null)",
  "insert into lake.orders values (1, 1, 1, 2, '2026-01-01 00:00:00+00', 'paid'), (2, 1, 2, 0, '2026-01-02 00:00:00+00', 'open'), (3, 3, null, 1, null, 'paid'), (4, null, 3, 3, '2026-02-01 00:00:00+00', null)",
];

const STEPS: readonly (readonly string[])[] = [
  [
    "insert into lake.events select event_id + 100, user_id, event_type, amount, quantity, score, is_test, day, occurred_at, noted_at, payload, tags, ref from lake.events",
    "insert into lake.events select * from lake.events where event_id = 6",
    "insert into lake.users values (4, 'Zoé', 'DE', '2026-01-01', 0)",
    "insert into lake.orders select order_id + 10, user_id, product_id, quantity, ordered_at, 'open' from lake.orders where order_id < 3",
  ],
  [
    "update lake.events set amount = amount + 1, event_type = 'view' where user_id = 1 and quantity = 1",
    "update lake.events set user_id = 9 where user_id is null",
    "update lake.users set country = 'DE' where country is null",
    "update lake.products set title = 'hat', price = 1 where title is null",
  ],
  [
    "delete from lake.events where event_type = 'purchase' or event_id = 6",
    "delete from lake.users where user_id = 2",
    "delete from lake.orders where status = 'paid'",
  ],
];

async function copied(schema: string): Promise<void> {
  await sql(`create schema ${schema}`);
  for (const table of Object.keys(LAKE_TABLES))
    await sql(`create table ${schema}.${table} as select * from lake.${table}`);
}

/** All that is not PostgreSQL's own answer over a copy. */
async function wrong(schema: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const { name, query } of kept) {
    const { rows } = await sql(
      `with actual as (select s::text as image from public.${name} s), expected as (select q::text as image from (${query.replaceAll("lake.", `${schema}.`)}) q)
       select (select json_agg(image) from (select image from expected except all select image from actual) m) as missing,
         (select json_agg(image) from (select image from actual except all select image from expected) u) as unexpected`,
    );
    if (rows[0].missing !== null || rows[0].unexpected !== null) found.push({ query, ...rows[0] });
  }
  return found;
}

async function refreshAll(): Promise<void> {
  for (const name of names) await sql("select pgtrickle.refresh($1)", [name]);
}

async function strategies(): Promise<Record<string, number>> {
  const { rows } = await sql(
    `select strategy, count(*)::int as n from (select distinct on (stream_table_id) strategy from pgtrickle_internal.refreshes order by stream_table_id, id desc) r group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ strategy, n }) => [strategy, n]));
}

beforeAll(async () => {
  await makeTables();
  for (const text of FIRST) await duckdb().run(text);
  await copied("at_0");
  for (const { name, query } of kept) {
    await sql("select pgtrickle.create_stream_table('public', $1, $2, null, 'AUTO')", [name, query]).catch((error) => {
      throw new Error(`${query}: ${error.message}`, { cause: error });
    });
  }
  await preferStrategy("Delta");
}, 300_000);

test("each is kept as the table says", async () => {
  const { rows } = await sql(
    `select table_name, case when layout ->> 'shape' = 'state' then 'state' when layout ->> 'delta' is null then 'recompute'
         else layout #>> '{top,delta,kind}' end as kept
       from pgtrickle_internal.stream_tables where table_name like 'shape\\_%'`,
  );
  const found = new Map(rows.map((row) => [row.table_name, row.kept]));
  expect(kept.map(({ name, query }) => `${found.get(name)}: ${query}`)).toEqual(
    kept.map((shape) => `${shape.kept}: ${shape.query}`),
  );
});

test("each is PostgreSQL's answer through changes, rewinds and replay", { timeout: 900_000 }, async () => {
  expect(await wrong("at_0")).toEqual([]);
  const snapshots = [await head()];
  for (const [index, step] of STEPS.entries()) {
    for (const text of step) await duckdb().run(text);
    await copied(`at_${index + 1}`);
    await refreshAll();
    expect(await wrong(`at_${index + 1}`), `step ${index + 1}`).toEqual([]);
    snapshots.push(await head());
  }
  const used = await strategies();
  expect(used["Delta"] ?? 0).toBeGreaterThan(0);
  for (const [strategy, to] of [
    ["journal", 1],
    ["full", 0],
    ["auto", 2],
  ] as const) {
    await sql("select pgtrickle.pause_scheduler($1)", [names]);
    await sql("select pgtrickle.rewind($1, $2, $3)", [names, snapshots[to], strategy]);
    expect(await wrong(`at_${to}`), `${strategy} to ${to}`).toEqual([]);
    await sql("select pgtrickle.resume_scheduler($1)", [names]);
  }
  await refreshAll();
  expect(await wrong("at_3")).toEqual([]);
  process.stderr.write(
    `query shapes: ${kept.length} kept (last refresh ${JSON.stringify(used)}), ${chosen.length - kept.length} refused\n`,
  );
});

describe("refused", () => {
  test.each(chosen.filter((shape) => isRefused(shape.kept)))("$query", async ({ query, kept: code }) => {
    const error = await failure(
      sql("select pgtrickle.create_stream_table('public', 'refused', $1, null, 'AUTO')", [query]),
    );
    expect([error.code, error.detail], error.message).toContain(code);
    expect(error.hint).toBeTruthy();
    expect(await value("select to_regclass('public.refused') is null")).toBe(true);
  });
});
