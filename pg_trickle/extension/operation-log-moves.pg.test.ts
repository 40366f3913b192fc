import { describe, expect, test } from "vitest";
import { failure, frontier, insertEvents, status, summary } from "../../test/support/summary-table.ts";
import { type Operation, useOperations } from "./testing/operations.ts";

const { pool, claimed, call, observe, steps } = useOperations();

describe("rewind and replay", () => {
  interface Move {
    readonly done?: boolean;
    readonly snapshot_id: number;
    readonly tables: { table_name: string; to_snapshot: number; row_count: number; verified: string }[];
  }

  const NO_CORRUPTED = JSON.stringify([
    { name: "no-corrupted", sql: "select count(*) = 0 from event_summary where event_type = 'CORRUPTED_EVENT'" },
  ]);

  async function corrupted(): Promise<{ operation: Operation; good: number }> {
    await pool().query("select pgtrickle.refresh('event_summary')");
    const good = await frontier(pool());
    await insertEvents(pool(), "CORRUPTED_EVENT", 3);
    await insertEvents(pool(), "view", 3);
    await pool().query("select pgtrickle.refresh('event_summary')");
    const operation = await claimed();
    await call(pool(), "pause", operation);
    return { operation, good };
  }

  async function removeCorrupted(): Promise<void> {
    await pool().query("delete from lake.events where event_type = 'CORRUPTED_EVENT'");
  }

  test("are recorded with what they did, in the transaction that did it", async () => {
    const { operation, good } = await corrupted();
    const rewound = await call<Move>(pool(), "rewind", operation, good, "Auto", NO_CORRUPTED);
    // the operator wants proof: the query is recomputed also where the journal was used
    expect(rewound).toMatchObject({ snapshot_id: good, tables: [{ to_snapshot: good, verified: "engine" }] });
    expect(await frontier(pool())).toBe(good);
    await removeCorrupted();
    const replayed = await call<Move>(pool(), "replay", operation, "Folded", NO_CORRUPTED);
    expect(replayed.done).toBe(true);
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Rewind 1 Done", "Replay 1 Done"]);
    await call(pool(), "release", operation, "Succeeded");
    expect(await status(pool())).not.toBe("PAUSED");
  });

  test("a failed assertion leaves neither rows nor a step", async () => {
    const { operation, good } = await corrupted();
    const before = await summary(pool());
    const error = await failure(
      call(pool(), "rewind", operation, good, "Auto", JSON.stringify([{ name: "never", sql: "select false" }])),
    );
    expect(error.code).toBe("TR011");
    expect(await summary(pool())).toEqual(before);
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done"]);
    await call(pool(), "fail_step", operation, "Rewind", error.code, error.message);
    expect((await observe(operation.uid)).steps.at(-1)).toMatchObject({ outcome: "Failed", error: { code: "TR011" } });
    await removeCorrupted();
  });

  test("a stepwise replay publishes each commit, and asserts at the head", async () => {
    const { operation, good } = await corrupted();
    await call(pool(), "rewind", operation, good, "Auto");
    await removeCorrupted();
    const seen: boolean[] = [];
    for (let done = false; !done; ) {
      done = (await call<Move>(pool(), "replay", operation, "Stepwise", NO_CORRUPTED)).done ?? true;
      seen.push((await summary(pool())).some((row) => row.event_type === "CORRUPTED_EVENT"));
    }
    expect(seen).toEqual([true, true, false]);
    expect(await steps(operation.uid)).toEqual(["Pause 1 Done", "Rewind 1 Done", "Replay 1 Done"]);
  });

  test("a rewind by hand is refused while an operation owns the table", async () => {
    const { good } = await corrupted();
    const error = await failure(pool().query("select * from pgtrickle.rewind(array['event_summary'], $1)", [good]));
    expect(error.code).toBe("TR008");
    await removeCorrupted();
  });

  test("the parts cannot be committed without the whole", async () => {
    const { operation, good } = await corrupted();
    const before = await summary(pool());
    expect((await failure(call(pool(), "begin_rewind", operation, good, "Auto", false))).code).toBe("TR012");
    expect((await failure(call(pool(), "begin_replay", operation, "Folded"))).code).toBe("TR012");
    expect(await summary(pool())).toEqual(before);
    await removeCorrupted();
  });
});
