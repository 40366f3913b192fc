// A refresh by delta gives what a recomputation gives, over histories that mislead a reader of DuckLake's change feed, and over random
// ones. A plain DuckDB writes; each query is kept by a stream table for which recomputing is too expensive ever to be chosen.
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { DDL, history } from "./testing/lake-histories.ts";

const SEED = Number(process.env["FC_SEED"] ?? "20261122");
const HISTORIES = Number(process.env["FC_RUNS"] ?? "2");

const QUERIES = [
  "select k, count(*) as n, sum(v) as s from lake.t group by k",
  "select count(*) as n, sum(v) as s, avg(p) as a from lake.t",
  "select k, g, count(v) as c, sum(p) as s from lake.t where v > 1 group by k, g",
  "select date_trunc('month', d) as m, v % 2 as odd, avg(v) as a from lake.t x group by 1, 2",
  "select f, count(k) as c, count(*) as z from lake.t group by f",
  "select coalesce(k, 'none') as k, sum(case when f then v else 0 end) as s, sum(p * g) as w from lake.t group by 1",
  "select sum(g) as s from lake.t where k is null",
  "select k from lake.t where k like 'a%' and v in (1, 2) group by k",
];

interface Lake {
  readonly duckdb: DuckdbClient;
  /** Refreshes every stream table, and compares it with its query; gives the strategies that were taken, with their reasons. */
  check(): Promise<string[]>;
}

const trickle = useTrickle();
let made = 0;

/** A lake table `t` in a schema of its own, with a stream table for each query. */
async function onLake(queries: readonly string[], inlining: number, use: (lake: Lake) => Promise<void>): Promise<void> {
  made += 1;
  const schema = `h${made}`;
  const duckdb = await trickle().duckdb({ readOnly: false });
  const sql = async (text: string) => (await trickle().pool().query<Record<string, unknown>>(text)).rows;
  await duckdb.run(`create schema lake.${schema}`);
  await duckdb.run(`use lake.${schema}`);
  await duckdb.run(DDL.replace("lake.main.t", "t"));
  await duckdb.run(
    `call lake.set_option('data_inlining_row_limit', ${inlining}, schema => '${schema}', table_name => 't')`,
  );
  await sql(`create schema ${schema}`);
  await sql(
    `create foreign table ${schema}.t (k text, g integer, v bigint, p numeric(10,2), f boolean, d timestamp)
     server lake options (schema_name '${schema}', table_name 't')`,
  );
  const tables = queries.map((query, index) => ({
    query: query.replace("lake.t", `${schema}.t`),
    name: `${schema}.q${index}`,
  }));
  for (const { query, name } of tables) await sql(`select pgtrickle.create_stream_table('${name}', $$${query}$$)`);
  const check = async () => {
    const strategies: string[] = [];
    for (const { query, name } of tables) {
      await sql(`select pgtrickle.refresh('${name}')`);
      const [verified] = await sql(`select to_jsonb(v) as v from pgtrickle.verify('${name}') v`);
      expect(verified?.["v"], query).toMatchObject({ ok: true });
      const [strategy] = await sql(
        "select strategy || ': ' || reason as strategy from pgtrickle_internal.refreshes order by id desc limit 1",
      );
      strategies.push(String(strategy?.["strategy"]));
    }
    return strategies;
  };
  await use({ duckdb, check });
  duckdb.close();
}

beforeAll(async () => {
  await trickle()
    .pool()
    .query("insert into pgtrickle_internal.settings (name, value) values ('recompute_base_ms', 1000000)");
});

async function play(duckdb: DuckdbClient, step: readonly string[]): Promise<void> {
  const isMaintenance = step[0]?.startsWith("call") === true;
  if (!isMaintenance) await duckdb.run("begin");
  for (const statement of step) await duckdb.run(statement.replaceAll("lake.main.t", "t"));
  if (!isMaintenance) await duckdb.run("commit");
}

const insert = (...rows: readonly string[]): string => `insert into t(k, v) values ${rows.join(", ")}`;

describe("histories that mislead a reader of the change feed", () => {
  const cases: readonly [name: string, steps: readonly (readonly string[])[]][] = [
    [
      "a transaction updates a row twice, once without a change",
      [[insert("('a', 1)", "('b', 2)")], ["update t set k = k", "update t set v = v + 1 where k = 'a'"]],
    ],
    [
      "rows of two transactions share a rowid and all values",
      [
        [insert("('a', 1)"), "update t set v = 7"],
        [insert("('a', 1)"), "update t set v = 7"],
        ["update t set v = 8"],
        ["delete from t"],
      ],
    ],
    [
      "statements of one transaction together empty a file",
      [
        [insert("('a', 1)", "('a', 1)", "('b', 2)", "('b', 3)")],
        ["update t set v = 5 where k = 'a'", "delete from t where k = 'b'"],
      ],
    ],
    [
      "a transaction deletes a row of its own",
      [[insert("('b', 2)")], [insert("('a', 1)", "('a', 2)"), "delete from t where v = 1"]],
    ],
    [
      "a merge relabels what is deleted afterwards",
      [
        [insert("('a', 1)", "('b', 2)")],
        [insert("('a', 3)")],
        ["call ducklake_merge_adjacent_files('lake')"],
        ["delete from t where v > 1"],
      ],
    ],
    [
      "deletions are rewritten, then flushed",
      [
        ["insert into t(k, v) select 'a', i from range(30) r(i)"],
        ["delete from t where v between 1 and 24"],
        ["delete from t where v = 26"],
        ["call ducklake_rewrite_data_files('lake', delete_threshold => 0)"],
        ["call ducklake_flush_inlined_data('lake')"],
        ["delete from t where v = 27"],
      ],
    ],
    [
      "rows are flushed, and merged with new ones",
      [
        [insert("('a', 1)", "('b', 2)")],
        ["call ducklake_flush_inlined_data('lake')"],
        [insert("('c', 3)")],
        [insert("('a', 4)"), "delete from t where v = 2"],
        ["call ducklake_flush_inlined_data('lake')"],
        ["call ducklake_merge_adjacent_files('lake')"],
        ["delete from t where v = 3"],
      ],
    ],
  ];
  test.each(cases)("%s", { timeout: 300_000 }, async (_name, steps) => {
    for (const inlining of [0, 20]) {
      await onLake(QUERIES.slice(0, 1), inlining, async ({ duckdb, check }) => {
        for (const step of steps) {
          await play(duckdb, step);
          const strategies = await check();
          expect(strategies.filter((strategy) => strategy.startsWith("Full"))).toEqual([]);
        }
      });
    }
  });
});

test(`deltas are exact over ${HISTORIES} random histories`, { timeout: 600_000 }, async () => {
  const counted = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(history, ({ inlining, first, steps }) =>
      onLake(QUERIES, inlining, async ({ duckdb, check }) => {
        await play(duckdb, [`insert into t values ${first.join(", ")}`]);
        for (const step of steps) {
          await play(duckdb, step);
          for (const strategy of await check()) {
            const name = strategy.slice(0, strategy.indexOf(":"));
            counted.set(name, (counted.get(name) ?? 0) + 1);
          }
        }
      }),
    ),
    { seed: SEED, numRuns: HISTORIES, endOnFailure: true },
  );
  expect(counted.get("Full") ?? 0, JSON.stringify([...counted])).toBe(0);
  expect(counted.get("Delta") ?? 0).toBeGreaterThan(0);
});
