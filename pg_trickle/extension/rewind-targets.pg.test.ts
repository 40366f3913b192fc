/** What an operation's target stands for: an id that has expired, a time that nothing is left of, a time that is about to come. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { frontier, insertEvents } from "../../test/support/summary-table.ts";
import { useOperations } from "./testing/operations.ts";

interface Target {
  readonly snapshot_id: number | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

const { trickle, pool, observe, value } = useOperations();

/** Ends of refreshes, oldest first; those in the middle are expired, but for the last. */
const ends: number[] = [];

async function target(snapshot: number | null, timestamp: string | null = null): Promise<Target> {
  const seen = await observe(randomUUID(), ["public.event_summary"], snapshot, timestamp);
  return seen.target as unknown as Target;
}

function timeOf(snapshot: number): Promise<string> {
  return value(pool(), "select snapshot_time::text from ducklake.ducklake_snapshot where snapshot_id = $1", [snapshot]);
}

let lostTime: string;

beforeAll(async () => {
  for (const type of ["view", "purchase", "click", "view"]) {
    await insertEvents(pool(), type, 5);
    await pool().query("select pgtrickle.refresh('event_summary')");
    ends.push(await frontier(pool()));
  }
  lostTime = await timeOf(ends[2] ?? 0);
  const duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run(`call ducklake_expire_snapshots('lake', versions => [${ends[1]}, ${ends[2]}])`);
  duckdb.close();
});

describe("a snapshot that has expired", () => {
  test("is a target where the undo journal reaches it", async () => {
    expect(await target(ends[1] ?? 0)).toEqual({ snapshot_id: ends[1], error: null });
  });

  test("is none where one of the tables has no journal there", async () => {
    await pool().query(
      `select pgtrickle.create_stream_table('public', 'younger', 'select event_type, count(*) as n from lake.events group by 1', null, 'FULL')`,
    );
    const tables = ["public.event_summary", "public.younger"];
    const seen = await observe(randomUUID(), tables, ends[1] ?? 0);
    await pool().query("select pgtrickle.drop_stream_table('younger')");
    expect(seen.target).toMatchObject({
      snapshot_id: ends[1],
      error: { code: "TR005", message: `the lake no longer has snapshot ${ends[1]}: it was expired` },
    });
  });

  test("can be planned by the journal, and not by strategy Full", async () => {
    const planned = (strategy: string) =>
      value(pool(), "select pgtrickle.plan_rewind(array['event_summary'], $1, $2) #> '{tables,0}'", [
        ends[1],
        strategy,
      ]);
    for (const strategy of ["Auto", "Journal"]) {
      expect(await planned(strategy)).toMatchObject({ to: ends[1], strategy: "Journal" });
    }
    await expect(planned("Full")).rejects.toMatchObject({ code: "TR005" });
  });
});

describe("a time", () => {
  test("whose snapshot has expired is refused with the nearest ones, and no neighbour is taken", async () => {
    const { error } = await target(null, lostTime);
    expect(error?.code).toBe("TR005");
    expect(error?.message).toContain(`is not known any more: all between ${ends[0]} and ${ends[3]} were expired`);
    expect(error?.hint).toMatch(
      new RegExp(`^The nearest ones are ${ends[0]}, of 2.*, and ${ends[3]}, of 2.*: name one of them by its id\\.$`),
    );
  });

  test("at which a snapshot that is left was committed is that snapshot, also before a gap", async () => {
    expect(await target(null, await timeOf(ends[0] ?? 0))).toEqual({ snapshot_id: ends[0], error: null });
    expect(await target(null, await timeOf(ends[3] ?? 0))).toEqual({ snapshot_id: ends[3], error: null });
  });

  test.each(["1.5 s", "50 s"])("that comes in %s is waited for", async (ahead) => {
    const time = await value<string>(pool(), "select (clock_timestamp() + $1::interval)::text", [ahead]);
    const { error } = await target(null, time);
    // The machine may have been so slow that it has come.
    if (error === null) return;
    expect(error).toMatchObject({
      code: "TR023",
      message: expect.stringMatching(/^the time 2.* has not come yet by the clock of the database$/),
      hint: "It is waited for.",
    });
  });

  test("that is further away is refused with the time of now", async () => {
    const { error } = await target(null, "2999-01-01T00:00:00Z");
    expect(error).toMatchObject({
      code: "TR004",
      message: expect.stringMatching(/^the time 2999.* is in the future$/),
      hint: expect.stringMatching(/^It is 2.* now\.$/),
    });
  });
});

test("a plan by a strategy that does not lead there is its refusal", async () => {
  const plan = pool().query("select pgtrickle.plan_rewind(array['event_summary'], $1, 'Journal')", [1]);
  await expect(plan).rejects.toMatchObject({
    code: "TR018",
    message: expect.stringMatching(
      /^stream table public\.event_summary cannot get from snapshot \d+ to 1 by strategy Journal$/,
    ),
    hint: "Use strategy Auto.",
  });
});
