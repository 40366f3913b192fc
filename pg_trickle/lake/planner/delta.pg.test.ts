// state(F) + delta(F, T) = state(T), over random histories of a real DuckLake.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import type {} from "../../../test/support/provided.ts";
import { compilePlanCall } from "./compile-call.ts";
import { readPlanCall } from "./plan-call.ts";
import { startTestDuckdb, type TestDuckdb } from "./testing.ts";

const SEED = Number(process.env["FC_SEED"] ?? "20261122");
const HISTORIES = Number(process.env["FC_RUNS"] ?? "10");

const QUERIES = [
  "SELECT k, count(*) AS n, sum(v) AS s FROM lake.t GROUP BY k",
  "SELECT count(*) AS n, sum(v) AS s, avg(p) AS a FROM lake.t",
  "SELECT k, g, count(v) AS c, sum(p) AS s FROM lake.t WHERE (v > 1) GROUP BY k, g",
  "SELECT date_trunc('month'::text, d) AS m, (v % (2)::bigint) AS odd, avg(v) AS a FROM lake.t x GROUP BY (date_trunc('month'::text, d)), (v % (2)::bigint)",
  "SELECT f, count(k) AS c, count(*) AS z FROM lake.t GROUP BY f",
  "SELECT COALESCE(k, 'none'::character varying) AS k, sum(CASE WHEN f THEN v ELSE (0)::bigint END) AS s, sum((p * (g)::numeric)) AS w FROM lake.t GROUP BY COALESCE(k, 'none'::character varying)",
  "SELECT sum(g) AS s FROM lake.t WHERE (k IS NULL)",
  "SELECT k FROM lake.t WHERE (((k)::text ~~ 'a%'::text) AND (v = ANY (ARRAY[(1)::bigint, (2)::bigint]))) GROUP BY k",
];

// --- histories ---

const value = (...items: readonly string[]) => fc.constantFrom("null", ...items);
const row = fc
  .tuple(
    value("'a'", "'b'", "'ab'", "''"),
    value("1", "2", "-3"),
    value("1", "2", "9223372036854775807", "-5"),
    value("1.25", "-0.50", "99999999.99"),
    value("true", "false"),
    value("timestamp '2026-01-15 10:00:00'", "timestamp '2026-02-01 00:00:00'"),
  )
  .map((cells) => `(${cells.join(", ")})`);
const condition = fc.constantFrom(
  "true",
  "k = 'a'",
  "k is null",
  "v > 1",
  "g = 2",
  "p < 0",
  "f",
  "rowid % 2 = 0",
  "rowid % 3 = 1",
);
const assignment = fc.constantFrom(
  "k = 'b'",
  "k = null",
  "v = g",
  "v = null",
  "p = p + 1",
  "g = -g",
  "f = not f",
  "d = d + interval 20 day",
  "k = k",
);
const statement = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(row, { minLength: 1, maxLength: 6 })
      .map((rows) => `insert into lake.main.t values ${rows.join(", ")}`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(assignment, condition).map(([set, where]) => `update lake.main.t set ${set} where ${where}`),
  },
  { weight: 2, arbitrary: condition.map((where) => `delete from lake.main.t where ${where}`) },
);
const transaction = fc.array(statement, { minLength: 1, maxLength: 4 });
const history = fc.record({
  inlining: fc.constantFrom(0, 0, 20),
  first: fc.array(row, { minLength: 1, maxLength: 40 }),
  steps: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: transaction },
      { weight: 1, arbitrary: fc.constant(["call ducklake_merge_adjacent_files('lake')"]) },
      { weight: 1, arbitrary: fc.constant(["call ducklake_flush_inlined_data('lake')"]) },
    ),
    { minLength: 3, maxLength: 9 },
  ),
  bounds: fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 2, maxLength: 2 }),
});

async function play(duckdb: TestDuckdb, steps: readonly (readonly string[])[]): Promise<void> {
  for (const step of steps) {
    if (step[0]?.startsWith("call")) {
      await duckdb.rows(step[0]);
      continue;
    }
    await duckdb.rows("begin");
    for (const sql of step) await duckdb.rows(sql);
    await duckdb.rows("commit");
  }
}

// --- what the extension does with the answers ---

interface Group {
  readonly n: bigint;
  readonly counts: readonly bigint[];
  readonly sums: readonly (bigint | null)[];
}
type Groups = Map<string, Group>;

/** Sums have at most two digits after the point here. */
function exact(text: unknown): bigint | null {
  if (text === null) return null;
  const [whole, fraction] = String(text).split(".");
  return BigInt(`${whole}${(fraction ?? "").padEnd(4, "0")}`);
}

function grouped(rows: readonly (readonly unknown[])[], keys: number): Groups {
  return new Map(
    rows.map((cells) => {
      const states = cells.slice(keys + 1);
      const even = states.filter((_, index) => index % 2 === 0).map((cell) => BigInt(String(cell)));
      const odd = states.filter((_, index) => index % 2 === 1).map(exact);
      return [JSON.stringify(cells.slice(0, keys)), { n: BigInt(String(cells[keys])), counts: even, sums: odd }];
    }),
  );
}

function applied(before: Groups, change: Groups, isGlobal: boolean): Groups {
  const after = new Map(before);
  for (const [key, delta] of change) {
    const old = before.get(key) ?? { n: 0n, counts: delta.counts.map(() => 0n), sums: delta.sums.map(() => null) };
    const counts = delta.counts.map((count, index) => count + (old.counts[index] ?? 0n));
    const sums = delta.sums.map((sum, index) => (counts[index] === 0n ? null : (old.sums[index] ?? 0n) + (sum ?? 0n)));
    const n = old.n + delta.n;
    if (n === 0n && !isGlobal) after.delete(key);
    else after.set(key, { n, counts, sums });
  }
  return after;
}

// --- calls ---

async function call(
  duckdb: TestDuckdb,
  relation: string,
  sql: string,
  given: Readonly<Record<string, string>>,
): Promise<Groups> {
  const plan = JSON.stringify({ sql, tables: { "lake.t": "main.t" }, shape: "state" });
  const description = await ask(duckdb, "describe", ["description"], { plan });
  const { incremental } = JSON.parse(String(description[0]?.[0])) as {
    incremental: { ok: boolean; keys: unknown[]; states: number };
  };
  expect(incremental).toMatchObject({ ok: true });
  const keys = incremental.keys.map((_, index) => `k${index + 1}`);
  const states = Array.from({ length: incremental.states }, (_, index) => [`c${index + 1}`, `s${index + 1}`]).flat();
  return grouped(await ask(duckdb, relation, [...keys, "n", ...states], { plan, ...given }), keys.length);
}

async function ask(
  duckdb: TestDuckdb,
  relation: string,
  columns: readonly string[],
  given: Readonly<Record<string, string>>,
) {
  const names = Object.keys(given);
  const where = names.map(
    (name, index) => `((${name} = $${index + 1}::${name.endsWith("_snapshot") ? "bigint" : "text"}))`,
  );
  const text = `SELECT ${columns.join(", ")} FROM engine.${relation} WHERE ${where.join(" AND ")}`;
  const read = readPlanCall(await duckdb.services.parse(text), (index) => given[names[index - 1] ?? ""] ?? null);
  if (!read.ok) throw new Error(read.message);
  const compiled = await compilePlanCall(read, duckdb.services, {
    version: "test",
    startedAt: "2026-11-22 00:00:00+00",
  });
  if (!compiled.ok) throw new Error(`${compiled.message} (${text})`);
  return duckdb.rows(compiled.sql);
}

/** Snapshots that changed rows: compactions and flushes only move them. */
async function rowSnapshots(duckdb: TestDuckdb): Promise<readonly { id: number; onlyInsertions: boolean }[]> {
  const rows = await duckdb.rows(
    "select snapshot_id, array_to_string(map_keys(changes), ',') from lake.snapshots() order by snapshot_id",
  );
  return rows.flatMap(([id, kinds]) => {
    const names = String(kinds).split(",");
    const changed = names.filter((name) =>
      /^(tables_inserted_into|tables_deleted_from|inlined_insert|inlined_delete)$/.test(name),
    );
    return changed.length === 0
      ? []
      : [{ id: Number(id), onlyInsertions: changed.every((name) => name.includes("insert")) }];
  });
}

async function check(duckdb: TestDuckdb, from: number, to: number): Promise<void> {
  const between = (await rowSnapshots(duckdb)).filter(({ id }) => id > from && id <= to);
  const snapshots = between.map(({ id, onlyInsertions }) => `${id}${onlyInsertions ? "i" : ""}`).join(",");
  for (const sql of QUERIES) {
    const before = await call(duckdb, "recompute", sql, { to_snapshot: String(from) });
    const after = await call(duckdb, "recompute", sql, { to_snapshot: String(to) });
    const change = await call(duckdb, "delta", sql, {
      from_snapshot: String(from),
      to_snapshot: String(to),
      snapshots,
    });
    const isGlobal = !sql.includes("GROUP BY");
    expect(sorted(applied(before, change, isGlobal)), `${sql} from ${from} to ${to}`).toEqual(sorted(after));
  }
}

const sorted = (groups: Groups) => [...groups].sort(([a], [b]) => (a < b ? -1 : 1));

const DDL = "create table lake.main.t(k varchar, g integer, v bigint, p decimal(10,2), f boolean, d timestamp)";

test(`deltas are exact over ${HISTORIES} random histories`, { timeout: 300_000 }, async () => {
  const extension = join(inject("postgres").duckdbExtensions, "ducklake.duckdb_extension");
  await fc.assert(
    fc.asyncProperty(history, async ({ inlining, first, steps, bounds }) => {
      const folder = mkdtempSync(join(tmpdir(), "planner-"));
      const attach = `attach 'ducklake:${folder}/catalog.db' as lake (data_path '${folder}/data', data_inlining_row_limit ${inlining})`;
      const duckdb = await startTestDuckdb(`load '${extension}'`, attach, DDL);
      try {
        await play(duckdb, [[`insert into lake.main.t values ${first.join(", ")}`], ...steps]);
        const head = Number((await duckdb.rows("select max(snapshot_id) from lake.snapshots()"))[0]?.[0]);
        await check(duckdb, 1, head);
        for (const [a, b] of bounds) {
          const ends = [1 + (a % head), 1 + (b % head)].sort((x, y) => x - y);
          await check(duckdb, ends[0] ?? 1, ends[1] ?? head);
        }
      } finally {
        duckdb.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { seed: SEED, numRuns: HISTORIES, endOnFailure: true },
  );
});
