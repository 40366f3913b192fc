import { expect, test } from "vitest";
import { readAst } from "./ast.ts";
import { readPlanCall } from "./plan-call.ts";
import { startTestDuckdb } from "./testing.ts";
import type { PlanCall, Refusal } from "./types.ts";

const duckdb = await startTestDuckdb();
const PLAN = JSON.stringify({
  sql: "SELECT 1",
  tables: { "lake.events": "main.events" },
  settings: { TimeZone: "UTC" },
  shape: "state",
});

async function read(sql: string, ...values: (string | null)[]): Promise<PlanCall | Refusal> {
  return readPlanCall(await duckdb.services.parse(sql), (index) => values[index - 1] ?? null);
}

test("parameters, constants in any spelling and either side give the pseudo columns", async () => {
  const call = await read(
    "SELECT k1, n FROM engine.delta WHERE ((plan = $1::text)) AND ((42 = to_snapshot)) AND ((reads = '{}'::text))",
    PLAN,
  );
  expect(call).toMatchObject({
    ok: true,
    relation: "delta",
    planText: PLAN,
    plan: { sql: "SELECT 1", shape: "state" },
    toSnapshot: 42n,
    readsText: "{}",
  });
});

test("snapshot ids beyond 2^53 are kept", async () => {
  const call = await read(
    "SELECT n FROM engine.recompute WHERE plan = $1::text AND to_snapshot = 9007199254740993",
    PLAN,
  );
  expect(call).toMatchObject({ toSnapshot: 9007199254740993n });
});

test("a second condition on a pseudo column stays in where", async () => {
  const call = await read(
    "SELECT n FROM engine.recompute WHERE plan = $1 AND to_snapshot = 2 AND to_snapshot = 3 AND n > 1",
    PLAN,
  );
  if (!call.ok) throw new Error(call.message);
  expect(await duckdb.services.print(call.statement)).toBe(
    "SELECT n FROM engine.recompute WHERE ((to_snapshot = 3) AND (n > 1))",
  );
});

test("ping needs nothing", async () => {
  expect(await read("SELECT ok, version FROM engine.ping")).toMatchObject({ ok: true, relation: "ping", plan: null });
});

const REFUSED: readonly [name: string, sql: string, sqlState: string, message: RegExp][] = [
  ["no plan", "SELECT n FROM engine.recompute WHERE to_snapshot = 2", "LT001", /needs plan/],
  ["no snapshot", "SELECT n FROM engine.recompute WHERE plan = $1", "LT001", /needs to_snapshot/],
  ["no definition of a table", "SELECT made FROM engine.create_table", "LT001", /needs definition/],
  ["nothing to read", "SELECT n FROM engine.delta WHERE plan = $1 AND to_snapshot = 2", "LT001", /needs reads/],
  [
    "a plan under OR",
    "SELECT n FROM engine.recompute WHERE (plan = $1 OR plan = $1) AND to_snapshot = 2",
    "LT001",
    /needs plan/,
  ],
  [
    "a plan under NOT",
    "SELECT n FROM engine.recompute WHERE NOT (plan = $1) AND to_snapshot = 2",
    "LT001",
    /needs plan/,
  ],
  [
    "a range of snapshots",
    "SELECT n FROM engine.recompute WHERE plan = $1 AND to_snapshot >= 2",
    "LT001",
    /needs to_snapshot/,
  ],
  ["a NULL plan", "SELECT n FROM engine.recompute WHERE plan = $2 AND to_snapshot = 2", "LT001", /needs plan/],
  [
    "a computed plan",
    "SELECT n FROM engine.recompute WHERE plan = concat($1, '') AND to_snapshot = 2",
    "LT001",
    /needs plan/,
  ],
  [
    "a negative snapshot",
    "SELECT n FROM engine.recompute WHERE plan = $1 AND to_snapshot = -2",
    "LT002",
    /not a snapshot/,
  ],
  [
    "a plan that is not JSON",
    "SELECT n FROM engine.recompute WHERE plan = 'x' AND to_snapshot = 2",
    "LT002",
    /not JSON/,
  ],
  [
    "a plan with other settings",
    `SELECT n FROM engine.recompute WHERE plan = '{"sql":"x","settings":{"threads":"9"}}' AND to_snapshot = 2`,
    "LT002",
    /settings/,
  ],
  [
    "two engine relations",
    "SELECT a.n FROM engine.recompute a INNER JOIN engine.recompute b ON (a.plan = b.plan)",
    "42501",
    /exactly one/,
  ],
  [
    "an engine relation in a subquery",
    "SELECT n FROM (SELECT n FROM engine.recompute WHERE plan = $1 AND to_snapshot = 1) q",
    "42501",
    /exactly one/,
  ],
  [
    "a second relation in a condition",
    "SELECT n FROM engine.recompute WHERE plan = $1 AND to_snapshot = 1 AND n IN (SELECT value FROM lake.main.events)",
    "42501",
    /exactly one/,
  ],
  [
    "a table function in a condition",
    "SELECT n FROM engine.recompute WHERE plan = $1 AND to_snapshot = 1 AND EXISTS (SELECT 1 FROM postgres_query('a', 'b'))",
    "42501",
    /exactly one/,
  ],
  ["a lake table", "SELECT value FROM main.events", "42501", /not an engine relation/],
  ["an unknown engine relation", "SELECT value FROM engine.secrets", "42501", /not an engine relation/],
  ["a property of objects", "SELECT value FROM engine.constructor", "42501", /not an engine relation/],
  ["two statements", "SELECT ok FROM engine.ping; SELECT ok FROM engine.ping", "LT003", /one plain SELECT/],
  ["no SELECT", "DELETE FROM engine.ping", "LT003", /SELECT/],
];

for (const [name, sql, sqlState, message] of REFUSED) {
  test(`refused: ${name}`, async () => {
    const call = await read(sql, PLAN, null);
    expect(call).toMatchObject({ ok: false, sqlState, message: expect.stringMatching(message) });
  });
}

test("a tree that is no tree is refused", () => {
  expect(() => readAst("[]")).toThrow(TypeError);
});
