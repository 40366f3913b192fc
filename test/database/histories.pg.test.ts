/**
 * The table equals its query: random histories of the lake are played, and after every step the stream table is compared
 * with what a plain DuckDB client answers; at the end every snapshot is visited by `at` and by rewinds.
 */
import fc from "fast-check";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { openTrickle } from "../support/trickle.ts";

const QUERY =
  "select event_type, count(*) as event_count, count(value) as known, sum(value) as total, avg(value) as mean " +
  "from lake.events where value is distinct from 13 group by event_type";

/** The same by DuckDB, on a lake attached as `lake`, at one snapshot; the average is left to PostgreSQL's digits. */
function truthAt(snapshot: number): string {
  return `select event_type, count(*)::varchar as event_count, count(value)::varchar as known, sum(value)::varchar as total
    from lake.main.events at (version => ${snapshot}) where value is distinct from 13 group by event_type`;
}

type Statement = (client: Client) => Promise<unknown>;

const types = fc.constantFrom<string | null>("click", "view", "purchase", null);
const values = fc.oneof(fc.integer({ min: -3, max: 20 }), fc.constant(null), fc.constant(9_007_199_254_740_993n));

/** One statement against `lake.events`; event ids are small numbers, so that updates and deletes meet rows. */
const statement: fc.Arbitrary<{ readonly text: string; readonly run: Statement }> = fc.oneof(
  fc.record({ type: types, value: values, count: fc.integer({ min: 1, max: 40 }) }).map(({ type, value, count }) => ({
    text: `insert ${count} × (${type}, ${value})`,
    run: (client: Client) =>
      client.query(
        `insert into lake.events (event_id, event_type, value, created_at)
         select ('00000000-0000-0000-0000-' || lpad((i % 20)::text, 12, '0'))::uuid, $1, $2::bigint, '2026-01-01 00:00:00+00'
         from generate_series(1, $3) i`,
        [type, value === null ? null : String(value), count],
      ),
  })),
  fc.record({ id: fc.integer({ min: 0, max: 19 }), value: values }).map(({ id, value }) => ({
    text: `update ${id} to ${value}`,
    run: (client: Client) =>
      client.query("update lake.events set value = $1::bigint where event_id = $2::uuid", [
        value === null ? null : String(value),
        uuid(id),
      ]),
  })),
  fc.record({ id: fc.integer({ min: 0, max: 19 }), type: types }).map(({ id, type }) => ({
    text: `move ${id} to ${type}`,
    run: (client: Client) =>
      client.query("update lake.events set event_type = $1 where event_id = $2::uuid", [type, uuid(id)]),
  })),
  fc.integer({ min: 0, max: 19 }).map((id) => ({
    text: `delete ${id}`,
    run: (client: Client) => client.query("delete from lake.events where event_id = $1::uuid", [uuid(id)]),
  })),
);

const transaction = fc.array(statement, { minLength: 1, maxLength: 4 });
const maintenance = fc.constantFrom("merge", "flush", "none", "none");
const history = fc.array(fc.record({ transaction, maintenance }), { minLength: 3, maxLength: 10 });

function uuid(id: number): string {
  return `00000000-0000-0000-0000-${String(id).padStart(12, "0")}`;
}

async function rows(client: Client, relation: string): Promise<unknown[]> {
  const answer = await client.query<Record<string, string>>(
    `select event_type, event_count::text, known::text, total::text, (mean is not distinct from total / nullif(known, 0)) as is_mean
     from ${relation}`,
  );
  expect(answer.rows.every((row) => row["is_mean"])).toBe(true);
  return sorted(answer.rows.map((row) => [row["event_type"], row["event_count"], row["known"], row["total"]]));
}

function sorted(list: unknown[]): unknown[] {
  return list.map((item) => JSON.stringify(item)).sort();
}

async function truth(duckdb: DuckdbClient, snapshot: number): Promise<unknown[]> {
  const found = await duckdb.rows(truthAt(snapshot));
  return sorted(found.map((row) => [row["event_type"], row["event_count"], row["known"], row["total"]]));
}

async function head(client: Client): Promise<number> {
  const { rows: found } = await client.query<{ head: number }>(
    "select max(snapshot_id)::int as head from ducklake.ducklake_snapshot",
  );
  return found[0]?.head ?? -1;
}

const MAINTENANCE: Record<string, string> = {
  merge: "call ducklake_merge_adjacent_files('lake')",
  flush: "call ducklake_flush_inlined_data('lake')",
};

async function play(steps: HistoryValue, inlining: number): Promise<void> {
  const trickle = await openTrickle({ lakeEnv: { LAKE_INLINING_ROW_LIMIT: String(inlining) } });
  const client = new Client({ connectionString: trickle.url });
  await client.connect();
  try {
    const reader = await trickle.duckdb();
    const maintainer = await trickle.duckdb({ readOnly: false });
    await client.query("select pgtrickle.create_stream_table('public', 'totals', $1, '1h', 'DIFFERENTIAL')", [QUERY]);
    const created = await head(client);
    for (const step of steps) {
      await client.query("begin");
      for (const each of step.transaction) await each.run(client);
      await client.query("commit");
      const operation = MAINTENANCE[step.maintenance];
      if (operation) await maintainer.run(operation);
      await client.query("select pgtrickle.refresh('totals', 'DIFFERENTIAL')");
      expect(await rows(client, "totals")).toEqual(await truth(reader, await head(client)));
    }
    await visitEverySnapshot(client, reader, created);
  } finally {
    await client.end();
    await trickle.drop();
  }
}

async function visitEverySnapshot(client: Client, reader: DuckdbClient, from: number): Promise<void> {
  await client.query("select pgtrickle.pause_scheduler(array['totals'])");
  const last = await head(client);
  for (let snapshot = last; snapshot >= from; snapshot--) {
    const want = await truth(reader, snapshot);
    expect(await rows(client, `pgtrickle.at(null::public.totals, ${snapshot})`)).toEqual(want);
    await client.query("select * from pgtrickle.rewind(array['totals'], $1)", [snapshot]);
    expect(await rows(client, "totals")).toEqual(want);
  }
  await client.query("select * from pgtrickle.rewind(array['totals'], $1, 'Full')", [last]);
  expect(await rows(client, "totals")).toEqual(await truth(reader, last));
  await client.query("select pgtrickle.resume_scheduler(array['totals'])");
  await client.query("select pgtrickle.refresh('totals', 'DIFFERENTIAL')");
  expect(await rows(client, "totals")).toEqual(await truth(reader, last));
}

type HistoryValue = ReadonlyArray<{
  readonly transaction: ReadonlyArray<{ readonly text: string; readonly run: Statement }>;
  readonly maintenance: string;
}>;

describe("table = query at every snapshot, forwards and back", () => {
  test.each([
    ["without inlining", 0],
    ["with inlining", 25],
  ])("%s", { timeout: 600_000 }, async (_name, inlining) => {
    const seed = Number(process.env["HISTORY_SEED"] ?? 20_261_122);
    const numRuns = Number(process.env["HISTORY_RUNS"] ?? 2);
    await fc.assert(
      fc.asyncProperty(history, (steps) => play(steps, inlining)),
      { seed, numRuns, endOnFailure: true, verbose: 1 },
    );
  });
});
