// state(F) + delta(F, T) = state(T), over random histories of a real DuckLake.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import type {} from "../../../test/support/provided.ts";
import { compilePlanCall } from "./compile-call.ts";
import { readPlanCall } from "./plan-call.ts";
import { startTestDuckdb, type TestDuckdb } from "./testing.ts";
import { DDL, history } from "./testing-histories.ts";

const SEED = Number(process.env["FC_SEED"] ?? "20261122");
const HISTORIES = Number(process.env["FC_RUNS"] ?? "6");

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

interface Shape {
  readonly keys: readonly unknown[];
  readonly states: number;
}
const shapes = new Map<string, Shape>();

async function shapeOf(duckdb: TestDuckdb, sql: string, plan: string): Promise<Shape> {
  const known = shapes.get(sql);
  if (known) return known;
  const description = await ask(duckdb, "describe", ["description"], { plan });
  const { incremental } = JSON.parse(String(description[0]?.[0])) as { incremental: Shape };
  expect(incremental).toMatchObject({ ok: true });
  shapes.set(sql, incremental);
  return incremental;
}

async function call(
  duckdb: TestDuckdb,
  relation: string,
  sql: string,
  given: Readonly<Record<string, string>>,
): Promise<Groups> {
  const plan = JSON.stringify({ sql, tables: { "lake.t": "main.t" }, shape: "state" });
  const incremental = await shapeOf(duckdb, sql, plan);
  const keys = incremental.keys.map((_, index) => `k${index + 1}`);
  const states = Array.from({ length: incremental.states }, (_, index) => [`c${index + 1}`, `s${index + 1}`]).flat();
  return grouped(await ask(duckdb, relation, [...keys, "n", ...states], { plan, ...given }), keys.length);
}

async function ask(
  duckdb: TestDuckdb,
  relation: string,
  columns: readonly string[],
  given: Readonly<Record<string, string>>,
  prefix = "",
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
  return duckdb.rows(`${prefix}${compiled.sql}`);
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

async function check(duckdb: TestDuckdb, from: number, to: number, queries: readonly string[]): Promise<void> {
  const between = (await rowSnapshots(duckdb)).filter(({ id }) => id > from && id <= to);
  const snapshots = between.map(({ id, onlyInsertions }) => `${id}${onlyInsertions ? "i" : ""}`).join(",");
  for (const sql of queries) {
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

async function onLake<T>(inlining: number, use: (duckdb: TestDuckdb) => Promise<T>): Promise<T> {
  const extension = join(inject("postgres").duckdbExtensions, "ducklake.duckdb_extension");
  const folder = mkdtempSync(join(tmpdir(), "planner-"));
  const attach = `attach 'ducklake:${folder}/catalog.db' as lake (data_path '${folder}/data', data_inlining_row_limit ${inlining})`;
  const duckdb = await startTestDuckdb(`load '${extension}'`, attach, DDL);
  try {
    return await use(duckdb);
  } finally {
    duckdb.close();
    rmSync(folder, { recursive: true });
  }
}

async function headOf(duckdb: TestDuckdb): Promise<number> {
  return Number((await duckdb.rows("select max(snapshot_id) from lake.snapshots()"))[0]?.[0]);
}

const insert = (...rows: readonly string[]): string => `insert into lake.main.t(k, v) values ${rows.join(", ")}`;

describe("histories that mislead a reader of the change feed", () => {
  const cases: readonly [name: string, steps: readonly (readonly string[])[]][] = [
    [
      "a transaction updates a row twice, once without a change",
      [
        [insert("('a', 1)", "('b', 2)")],
        ["update lake.main.t set k = k", "update lake.main.t set v = v + 1 where k = 'a'"],
      ],
    ],
    [
      "rows of two transactions share a rowid and all values",
      [
        [insert("('a', 1)"), "update lake.main.t set v = 7"],
        [insert("('a', 1)"), "update lake.main.t set v = 7"],
        ["update lake.main.t set v = 8"],
        ["delete from lake.main.t"],
      ],
    ],
    [
      "statements of one transaction together empty a file",
      [
        [insert("('a', 1)", "('a', 1)", "('b', 2)", "('b', 3)")],
        ["update lake.main.t set v = 5 where k = 'a'", "delete from lake.main.t where k = 'b'"],
      ],
    ],
    [
      "a transaction deletes a row of its own",
      [[insert("('b', 2)")], [insert("('a', 1)", "('a', 2)"), "delete from lake.main.t where v = 1"]],
    ],
    [
      "a merge relabels what is deleted afterwards",
      [
        [insert("('a', 1)", "('b', 2)")],
        [insert("('a', 3)")],
        ["call ducklake_merge_adjacent_files('lake')"],
        ["delete from lake.main.t where v > 1"],
      ],
    ],
  ];
  test.each(cases)("%s", async (_name, steps) => {
    for (const inlining of [0, 20]) {
      await onLake(inlining, async (duckdb) => {
        await play(duckdb, steps);
        const head = await headOf(duckdb);
        for (let from = 1; from < head; from += 1) await check(duckdb, from, head, QUERIES.slice(0, 2));
      });
    }
  });
});

test("no condition reaches the scan of a change feed", async () => {
  await onLake(0, async (duckdb) => {
    await play(duckdb, [[insert("('a', 1)", "('b', 2)")], ["delete from lake.main.t where v = 2"]]);
    const plan = JSON.stringify({
      sql: "SELECT k, count(*) AS n FROM lake.t WHERE ((v = 2) AND (k = 'b'::text)) GROUP BY k",
      tables: { "lake.t": "main.t" },
      shape: "state",
    });
    const given = { plan, from_snapshot: "1", to_snapshot: "3", snapshots: "2,3" };
    const rows = await ask(duckdb, "delta", ["k1", "n"], given, "explain ");
    expect(JSON.stringify(rows)).toContain("DUCKLAKE_SCAN");
    expect(JSON.stringify(rows)).not.toMatch(/Filters:/);
  });
});

test(`deltas are exact over ${HISTORIES} random histories`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(history, ({ inlining, first, steps, bounds }) =>
      onLake(inlining, async (duckdb) => {
        await play(duckdb, [[`insert into lake.main.t values ${first.join(", ")}`], ...steps]);
        const head = await headOf(duckdb);
        await check(duckdb, 1, head, QUERIES);
        for (const [a, b] of bounds) {
          const ends = [1 + (a % head), 1 + (b % head)].sort((x, y) => x - y);
          await check(duckdb, ends[0] ?? 1, ends[1] ?? head, QUERIES.slice(a % 6, (a % 6) + 2));
        }
      }),
    ),
    { seed: SEED, numRuns: HISTORIES, endOnFailure: true },
  );
});
