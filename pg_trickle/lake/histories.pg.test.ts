/** Random transactions give a lake table the same rows as a PostgreSQL table, statement by statement and after COMMIT. */
import fc from "fast-check";
import type { PoolClient } from "pg";
import { beforeAll, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";

const trickle = useTrickle();

beforeAll(async () => {
  await trickle()
    .pool()
    .query("create table events (event_id uuid, event_type text, value bigint, created_at timestamptz)");
});

type Step =
  | { readonly kind: "insert"; readonly type: string; readonly from: number; readonly count: number }
  | { readonly kind: "update" | "updateRows" | "delete" | "deleteRows"; readonly type: string; readonly below: number }
  | { readonly kind: "compare" }
  /** Appends inside a savepoint that is rolled back, read in between or not. */
  | { readonly kind: "lost"; readonly type: string; readonly isRead: boolean };

const type = fc.constantFrom("a", "b", "c");
const below = fc.integer({ min: 0, max: 12 });
const change = fc.constantFrom("update", "updateRows", "delete", "deleteRows" as const);
const insert = fc.record({
  kind: fc.constant("insert" as const),
  type,
  from: fc.integer({ min: 0, max: 10 }),
  count: fc.integer({ min: 1, max: 5 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: insert },
  { weight: 3, arbitrary: fc.record({ kind: change as fc.Arbitrary<"update">, type, below }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("compare" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lost" as const), type, isRead: fc.boolean() }) },
);
const transaction = fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 6 }), isCommitted: fc.boolean() });

/** What PostgreSQL cannot ship makes postgres_fdw change the rows one by one. */
const NOT_SHIPPED = "and random() < 2";

function statementOf(table: string, item: Exclude<Step, { kind: "compare" | "lost" }>): string {
  if (item.kind === "insert") {
    return `insert into ${table} select null, '${item.type}', g, '2026-01-01+00' from generate_series(${item.from}, ${item.from + item.count - 1}) g`;
  }
  const rest = item.kind.endsWith("Rows") ? NOT_SHIPPED : "";
  const condition = `event_type = '${item.type}' and value < ${item.below} ${rest}`;
  if (item.kind.startsWith("delete")) return `delete from ${table} where ${condition}`;
  return `update ${table} set value = value + 3, event_type = event_type where ${condition}`;
}

async function compare(client: PoolClient): Promise<void> {
  const rows = (table: string) =>
    client.query(
      `select event_type, value, count(*) as n from ${table} group by 1, 2 order by event_type collate "C", value`,
    );
  const lake = await rows("lake.events");
  expect(lake.rows).toEqual((await rows("events")).rows);
}

async function perform(client: PoolClient, item: Step, hasChanged: boolean): Promise<void> {
  if (item.kind === "compare") return compare(client);
  if (item.kind === "lost") {
    // A change before it would make the rollback impossible once the appended rows have been read.
    if (hasChanged && item.isRead) return;
    await client.query("savepoint lost");
    for (const table of ["lake.events", "events"]) {
      await client.query(statementOf(table, { kind: "insert", type: item.type, from: 0, count: 3 }));
    }
    if (item.isRead) await compare(client);
    await client.query("rollback to lost");
    return;
  }
  const lake = await client.query(statementOf("lake.events", item));
  const local = await client.query(statementOf("events", item));
  expect(lake.rowCount).toBe(local.rowCount);
}

async function run(client: PoolClient, steps: readonly Step[]): Promise<void> {
  let hasChanged = false;
  for (const item of steps) {
    await perform(client, item, hasChanged);
    hasChanged ||= !["insert", "compare", "lost"].includes(item.kind);
  }
}

test("random transactions keep a lake table equal to a local one", { timeout: 180_000 }, async () => {
  const property = fc.asyncProperty(fc.array(transaction, { minLength: 1, maxLength: 4 }), async (transactions) => {
    const client = await trickle().pool().connect();
    try {
      await client.query("delete from lake.events; delete from events");
      for (const { steps, isCommitted } of transactions) {
        await client.query("begin");
        await run(client, steps);
        await client.query(isCommitted ? "commit" : "rollback");
        await compare(client);
      }
    } finally {
      client.release(true);
    }
  });
  await fc.assert(property, { numRuns: 12, seed: 20_261_122, endOnFailure: true });
});
